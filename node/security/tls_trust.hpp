#pragma once

// Whom we believe when we are the client: authorities from a file, or those of the system. The
// server's name is always checked.

#include "core/base/result.hpp"

#include <filesystem>
#include <memory>

namespace sealstream::security {

class TlsTrust {
public:
    // An empty path: the authorities of the system.
    //   not_found, malformed   the file
    [[nodiscard]] static Result<std::shared_ptr<const TlsTrust>>
    load(const std::filesystem::path& ca_file);
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
