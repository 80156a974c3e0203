#pragma once

// Secrets are in files that settings name; here they are read, when they are needed.

#include "config/settings.hpp"

namespace sealstream {

// The options to reach Postgres with: from uri_file, else uri, else from host, port, database, user
// and password_file.
//   not_found    a named file can not be read
//   malformed    nothing says where Postgres is
[[nodiscard]] Result<PostgresOptions> postgres_options(const PostgresSettings& settings);

// A file's text without the white space around it.
//   not_found    it can not be read
//   malformed    there is nothing in it
[[nodiscard]] Result<std::string> read_secret(const std::filesystem::path& file);

} // namespace sealstream
