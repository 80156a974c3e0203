#include "config/load_packs.hpp"

#include "config/pack_folder.hpp"
#include "core/packs/pack_names.hpp"

#include <algorithm>

namespace sealstream {

namespace {

bool is_folder(std::string_view pack)
{
    return pack.find_first_of("/.") != std::string_view::npos;
}

void add_line(std::string& lines, const std::string& line)
{
    lines += (lines.empty() ? "" : "\n") + line;
}

// Sorted, each once.
void merge(std::vector<std::string>& into, const std::vector<std::string>& more)
{
    into.insert(into.end(), more.begin(), more.end());
    std::sort(into.begin(), into.end());
    into.erase(std::unique(into.begin(), into.end()), into.end());
}

} // namespace

Result<PackChoice> parse_pack_choice(std::string_view word)
{
    const std::size_t equals = word.find('=');
    PackChoice choice{std::string{word.substr(0, equals)}, {}};
    if (!is_folder(choice.pack) && !is_pack_word(choice.pack, pack_name_bytes_max)) {
        return Error{Errc::malformed, "must be a list of packs: a name or a folder, and, if you "
                                      "like, =prefix"};
    }
    if (equals != std::string_view::npos) {
        const std::string_view prefix = word.substr(equals + 1);
        SEAL_TRY_VOID(parse_prefix(prefix));
        choice.prefix = prefix;
    }
    return choice;
}

std::filesystem::path folder_of(const PackChoice& choice, const PackSettings& settings)
{
    return is_folder(choice.pack) ? std::filesystem::path{choice.pack}
                                  : settings.folder / choice.pack;
}

Result<PackSet> load_packs(const Settings& settings)
{
    PackSet packs;
    std::string problems;
    for (const auto& word : settings.packs.enabled) {
        SEAL_TRY(choice, parse_pack_choice(word));
        const auto folder = folder_of(choice, settings.packs);
        const auto loaded = load_pack_folder(folder);
        for (const auto& problem : loaded.problems) {
            add_line(problems, (folder / "").string() + to_line(problem));
        }
        if (loaded.pack == nullptr) {
            continue;
        }
        const std::string prefix =
            choice.prefix.empty() ? "/packs/" + loaded.pack->name : choice.prefix;
        SEAL_TRY(mounted_at, parse_prefix(prefix));
        packs.push_back({loaded.pack, std::move(mounted_at)});
    }
    for (const auto& conflict : conflicts_of(packs, settings.ledger.codec)) {
        add_line(problems, conflict);
    }
    if (!problems.empty()) {
        return Error{Errc::malformed, std::move(problems)};
    }
    return packs;
}

void add_packs(Settings& settings, const PackSet& packs)
{
    merge(settings.ledger.chain.stream_types, chained_types(packs));
    merge(settings.ledger.required_conditions.stream_types, conditional_types(packs));
}

} // namespace sealstream
