#include "config/secrets.hpp"

#include <fstream>
#include <sstream>

namespace sealstream {

namespace {

// Quoted for libpq's key=value text.
std::string in_quotes(const std::string& text)
{
    std::string result = "'";
    for (const char letter : text) {
        if (letter == '\'' || letter == '\\') {
            result += '\\';
        }
        result += letter;
    }
    return result + "'";
}

} // namespace

Result<std::string> read_secret(const std::filesystem::path& file)
{
    std::ifstream input{file};
    std::ostringstream content;
    content << input.rdbuf();
    if (!input) {
        return Error{Errc::not_found, "can not read " + file.string()};
    }
    const std::string text = content.str();
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos) {
        return Error{Errc::malformed, file.string() + " is empty"};
    }
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

Result<PostgresOptions> postgres_options(const PostgresSettings& settings)
{
    PostgresOptions options = settings.options;
    if (!settings.uri_file.empty()) {
        SEAL_TRY(uri, read_secret(settings.uri_file));
        options.uri = uri;
        return options;
    }
    if (!options.uri.empty()) {
        return options;
    }
    if (settings.host.empty()) {
        return Error{
            Errc::malformed,
            "nothing says where Postgres is: set postgres.uri_file, postgres.uri or postgres.host"};
    }
    options.uri = "host=" + in_quotes(settings.host) + " port=" + std::to_string(settings.port) +
                  " dbname=" + in_quotes(settings.database) + " user=" + in_quotes(settings.user);
    for (const auto& [name, value] : {std::pair{"sslmode", settings.sslmode},
                                      std::pair{"sslrootcert", settings.tls_ca_file.string()},
                                      std::pair{"sslcert", settings.tls_certificate_file.string()},
                                      std::pair{"sslkey", settings.tls_key_file.string()}}) {
        if (!value.empty()) {
            options.uri += " " + std::string{name} + "=" + in_quotes(value);
        }
    }
    if (!settings.password_file.empty()) {
        SEAL_TRY(password, read_secret(settings.password_file));
        options.uri += " password=" + in_quotes(password);
    }
    return options;
}

} // namespace sealstream
