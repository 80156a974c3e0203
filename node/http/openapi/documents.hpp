#pragma once

// The documents that describe the API, as JSON and as YAML. Their sources are the YAML files of
// this folder.

#include "core/base/embedded_file.hpp"

namespace sealstream {

[[nodiscard]] std::span<const EmbeddedFile> openapi_document();  // openapi.json, openapi.yaml
[[nodiscard]] std::span<const EmbeddedFile> asyncapi_document(); // asyncapi.json, asyncapi.yaml

} // namespace sealstream
