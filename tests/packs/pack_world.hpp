#pragma once

// A small pack as text, to be changed in one place by each test.

#include "config/document_yaml.hpp"
#include "core/packs/load_pack.hpp"

#include <string>

namespace sealstream::testing {

// The files of a pack that is good.
[[nodiscard]] PackFiles todo_files();

// The same with one text of pack.yaml replaced by another; the test stops when it is not there.
[[nodiscard]] PackFiles todo_with(const std::string& text, const std::string& other);

[[nodiscard]] inline LoadedPack load(const PackFiles& files)
{
    return load_pack(files, parse_yaml_document);
}

} // namespace sealstream::testing
