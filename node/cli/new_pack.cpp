#include "node/cli/new_pack.hpp"

#include "core/base/embedded_file.hpp"
#include "core/packs/pack_names.hpp"

#include <fstream>

namespace sealstream {

std::span<const EmbeddedFile> new_pack_files(); // generated: cmake/embed.cmake

namespace cli {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view placeholder = "mypack"; // for the name of the pack

std::string named(std::string_view text, const std::string& name)
{
    std::string all{text};
    for (std::size_t at = all.find(placeholder); at != std::string::npos;
         at = all.find(placeholder, at + name.size())) {
        all.replace(at, placeholder.size(), name);
    }
    return all;
}

fs::path place_of(std::string_view file)
{
    if (file == "is_there.sql") {
        return fs::path{"guards"} / file;
    }
    return file == "cases.yaml" ? fs::path{"tests"} / file : fs::path{file};
}

} // namespace

Result<std::string> make_new_pack(const fs::path& folder)
{
    const fs::path clean = folder.lexically_normal();
    const std::string name = (clean.has_filename() ? clean : clean.parent_path()).filename();
    if (!is_pack_word(name, pack_name_bytes_max)) {
        return Error{Errc::bad_name, "\"" + name + "\" is no name of a pack: small letters, " +
                                         "digits and _, beginning with a letter, at most " +
                                         std::to_string(pack_name_bytes_max)};
    }
    std::error_code failed;
    if (fs::exists(clean, failed)) {
        return Error{Errc::conflict, clean.string() + " is there already"};
    }
    for (const EmbeddedFile& file : new_pack_files()) {
        const fs::path path = clean / place_of(file.name);
        fs::create_directories(path.parent_path(), failed);
        std::ofstream output{path, std::ios::binary};
        output << named(file.text, name);
        output.close();
        if (failed || !output) {
            return Error{Errc::forbidden, path.string() + " can not be written"};
        }
    }
    return clean.string();
}

} // namespace cli

} // namespace sealstream
