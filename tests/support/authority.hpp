#pragma once

// A certificate authority for tests: P-256 keys, certificates with chosen names, faults and times,
// written as PEM files into a folder of its own that vanishes with it.

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace sealstream::testing {

struct Request {
    std::string name{"localhost"};
    std::vector<std::string> dns{}; // alternative names
    std::vector<std::string> addresses{};
    std::vector<std::string> uris{};
    std::chrono::seconds begins{-3600}; // from now
    std::chrono::seconds ends{3600};
    bool is_authority{false};
    bool may_sign_certificates{false}; // key usage, without being an authority
};

struct CertificateFiles {
    std::filesystem::path certificate;
    std::filesystem::path key;
    std::string serial; // hexadecimal
};

class Authority {
public:
    explicit Authority(const std::string& name = "Test CA");
    ~Authority();
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;

    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
    [[nodiscard]] std::filesystem::path certificate_file() const { return folder_ / "ca.pem"; }

    // `file` names the pair: <file>.pem and <file>.key. Each write replaces the file in one step.
    CertificateFiles issue(const std::string& file, const Request& request);
    // For 127.0.0.1 and localhost.
    CertificateFiles issue_server(const std::string& file = "server");
    CertificateFiles issue_client(const std::string& file, const std::string& uri);

private:
    struct Native;
    std::unique_ptr<Native> native_;
    std::filesystem::path folder_;
};

} // namespace sealstream::testing
