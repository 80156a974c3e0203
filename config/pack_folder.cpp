#include "config/pack_folder.hpp"

#include "config/document_yaml.hpp"

#include <fstream>
#include <iterator>

namespace sealstream {

namespace {

namespace fs = std::filesystem;

bool is_part(const fs::path& path)
{
    const auto ending = path.extension();
    return ending == ".yaml" || ending == ".sql" || ending == ".json";
}

bool is_hidden(const fs::path& path)
{
    return path.filename().string().starts_with(".");
}

} // namespace

Result<PackFiles> read_pack_files(const fs::path& folder)
{
    std::error_code failed;
    if (!fs::is_regular_file(folder / "pack.yaml", failed)) {
        return Error{Errc::not_found, folder.string() + " has no pack.yaml"};
    }
    PackFiles files;
    auto walk = fs::recursive_directory_iterator{folder, failed};
    for (; !failed && walk != fs::recursive_directory_iterator{}; walk.increment(failed)) {
        if (is_hidden(walk->path())) {
            walk.disable_recursion_pending();
            continue;
        }
        if (!walk->is_regular_file(failed) || !is_part(walk->path())) {
            continue;
        }
        const std::string name = walk->path().lexically_relative(folder).generic_string();
        if (walk->file_size(failed) > pack_file_bytes_max || files.size() == pack_files_max) {
            return Error{Errc::too_large, name + ": a pack has at most " +
                                              std::to_string(pack_files_max) + " files of " +
                                              std::to_string(pack_file_bytes_max) + " bytes"};
        }
        std::ifstream input{walk->path(), std::ios::binary};
        std::string text{std::istreambuf_iterator<char>{input}, {}};
        if (input.bad()) {
            return Error{Errc::unavailable, name + " can not be read"};
        }
        files.emplace(name, std::move(text));
    }
    if (failed) {
        return Error{Errc::unavailable, folder.string() + ": " + failed.message()};
    }
    return files;
}

LoadedPack load_pack_folder(const fs::path& folder)
{
    const auto files = read_pack_files(folder);
    if (!files) {
        return {nullptr, {{folder.string(), {}, files.error().context, {}}}};
    }
    return load_pack(*files, parse_yaml_document);
}

} // namespace sealstream
