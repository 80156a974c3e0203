#pragma once

// Whom we believe when we are the client, and who we say that we are. The server's name is always
// checked.

#include "core/base/result.hpp"

#include <filesystem>
#include <memory>

namespace sealstream::security {

struct TlsClientFiles {
    std::filesystem::path ca_file{};          // PEM; empty: the authorities of the system
    std::filesystem::path certificate_file{}; // PEM: ours, then its chain; empty: we show none
    std::filesystem::path key_file{};         // PEM, not encrypted
};

class TlsTrust {
public:
    //   not_found   a file can not be read
    //   malformed   what is in it is no certificate or key, or they do not belong together
    [[nodiscard]] static Result<std::shared_ptr<const TlsTrust>> load(const TlsClientFiles& files);
    ~TlsTrust();
    TlsTrust(const TlsTrust&) = delete;
    TlsTrust& operator=(const TlsTrust&) = delete;

    struct Native;
    [[nodiscard]] const Native& native() const noexcept { return *native_; }

private:
    TlsTrust();
    std::unique_ptr<Native> native_;
};

} // namespace sealstream::security
