#include "core/packs/load_pack.hpp"

#include "core/base/encoding.hpp"
#include "core/event/digest.hpp"
#include "core/packs/pack_names.hpp"
#include "core/packs/pack_set.hpp"
#include "core/packs/reading/sections.hpp"

#include <algorithm>

namespace sealstream {

namespace {

class PackLoader {
public:
    PackLoader(const PackFiles& files, const ParseDocument& parse)
        : files_{files},
          reading_{files, parse}
    {
    }

    LoadedPack run()
    {
        const auto document = reading_.open_document("pack.yaml");
        if (document) {
            read(*document);
            check_unused();
        }
        PackProblems problems = reading_.take_problems();
        std::stable_sort(problems.begin(), problems.end(), [](const auto& left, const auto& right) {
            return std::tie(left.file, left.place) < std::tie(right.file, right.place);
        });
        problems.erase(std::unique(problems.begin(), problems.end()), problems.end());
        if (!problems.empty()) {
            return {nullptr, std::move(problems)};
        }
        pack_.digest = digest();
        return {std::make_shared<const Pack>(std::move(pack_)), {}};
    }

private:
    void read(const DocumentNode& document)
    {
        MapReader top{reading_, document, "the pack"};
        if (!document.is_map()) {
            return;
        }
        read_head(top);
        read_streams(reading_, top, pack_);
        read_events(reading_, top, pack_);
        read_projections(reading_, top, pack_);
        read_queries(reading_, top, pack_);
        read_commands(reading_, top, pack_);
        read_guards(reading_, top, pack_);
        read_invariants(reading_, top, pack_);
        read_reactors(reading_, top, pack_);
        read_schedules(reading_, top, pack_);
        top.finish();
        check_names(document);
        check_routes(document);
        check_read_models(document);
    }

    void read_head(MapReader& top)
    {
        if (const auto* node = top.need("pack")) {
            pack_.name = reading_.text(*node);
            if (!is_pack_word(pack_.name, pack_name_bytes_max)) {
                reading_.fail(*node, "is no name of a pack",
                              "small letters, digits and _, at most " +
                                  std::to_string(pack_name_bytes_max) +
                                  ", beginning with a letter");
            }
        }
        if (const auto* node = top.need("version")) {
            pack_.version = reading_.whole(*node, 1, 1'000'000);
        }
        if (const auto* node = top.take("summary")) {
            pack_.summary = reading_.text(*node);
        }
        if (const auto* node = top.take("needs")) {
            MapReader needs{reading_, *node, "needs"};
            if (const auto* codec = needs.take("codec")) {
                pack_.needs.codec =
                    static_cast<CodecKind>(reading_.choice(*codec, {"json", "cbor"}));
            }
            needs.finish();
        }
    }

    // Names of parts are metric labels, and names in answers.
    void check_names(const DocumentNode& document)
    {
        for (const auto* kind : {"retention", "guards", "queries", "commands", "invariants",
                                 "reactors", "schedules"}) {
            const auto* section = document.find(kind);
            if (section == nullptr) {
                continue;
            }
            for (const auto& member : section->members) {
                if (!is_pack_word(member.key, pack_part_name_bytes_max)) {
                    reading_.fail(member.place, member.key + " is no name for one of the " + kind,
                                  "small letters, digits and _, beginning with a letter");
                }
            }
        }
    }

    void check_routes(const DocumentNode& document)
    {
        std::map<std::string, std::string> owners;
        const auto claim = [&](const auto& part, const std::string& section) {
            if (part.route.empty()) {
                return; // told already
            }
            const std::string who = section + "." + part.name;
            const auto [place, is_new] = owners.emplace(route_shape(part.method, part.route), who);
            if (!is_new) {
                reading_.fail(*document.find(section)->find(part.name)->find("route"),
                              "this route belongs to " + place->second, "change one of them");
            }
        };
        for (const auto& query : pack_.queries) {
            claim(query, "queries");
        }
        for (const auto& command : pack_.commands) {
            claim(command, "commands");
        }
    }

    // SQL needs tables to look at.
    void check_read_models(const DocumentNode& document)
    {
        if (!pack_.projections.empty()) {
            return;
        }
        for (const auto* section : {"guards", "invariants"}) {
            if (const auto* node = document.find(section)) {
                reading_.fail(*node, std::string{section} + " look at tables, and there are none",
                              "declare a projection");
            }
        }
    }

    // A file that nothing names is a typing error more often than not.
    void check_unused()
    {
        for (const auto& file : reading_.unused_files()) {
            const bool is_part = file.ends_with(".sql") || file.starts_with("schemas/");
            if (is_part) {
                reading_.fail_in(file, "nothing in pack.yaml names this file",
                                 "name it, or remove it");
            }
        }
    }

    [[nodiscard]] std::string digest() const
    {
        Sha256 hasher;
        hasher.update(as_bytes(std::string_view{"sealstream/pack/v1\0", 19}));
        for (const auto& [path, text] : files_) {
            for (const auto* part : {&path, &text}) {
                Bytes size;
                append_big_endian(size, static_cast<std::uint64_t>(part->size()));
                hasher.update(size);
                hasher.update(as_bytes(*part));
            }
        }
        return to_hex(hasher.finish().view());
    }

    const PackFiles& files_;
    Reading reading_;
    Pack pack_;
};

} // namespace

LoadedPack load_pack(const PackFiles& files, const ParseDocument& parse)
{
    return PackLoader{files, parse}.run();
}

} // namespace sealstream
