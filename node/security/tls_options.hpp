#pragma once

// Settings of one listener's TLS.

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace sealstream::security {

enum class ClientCertificates : std::uint8_t { none, optional, required };
enum class TlsVersion : std::uint8_t { tls_1_2, tls_1_3 };

struct TlsOptions {
    std::filesystem::path certificate_file{}; // PEM: the certificate, then its chain
    std::filesystem::path key_file{};         // PEM, not encrypted
    std::filesystem::path client_ca_file{};   // PEM: who may sign clients' certificates
    ClientCertificates client_certificates{ClientCertificates::none};
    TlsVersion version_min{TlsVersion::tls_1_2};

    [[nodiscard]] bool is_on() const noexcept { return !certificate_file.empty(); }
};

// How often the files are looked at; SIGHUP does it at once.
inline constexpr std::chrono::milliseconds certificates_poll{2'000};

} // namespace sealstream::security
