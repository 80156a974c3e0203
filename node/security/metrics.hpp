#pragma once

// What the process counts about who asks. The .cpp holds every name and help text. Refusals exist,
// at zero, from the start. Safe from any thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace prometheus {
class Registry;
}

namespace sealstream::security {

enum class Refusal : std::uint8_t {
    no_credentials,   // and the route needs some
    bad_credentials,  // a token or a certificate that does not hold
    expired,          // one that held once
    unknown_key,      // a token by a key that is not in its issuer's set
    keys_unavailable, // a token whose issuer's set is not there
    role,             // known, and not allowed
    rate
};

// Whose certificate it is.
enum class CertificateUse : std::uint8_t { http, admin, nats, postgres };

class SecurityMetrics {
public:
    explicit SecurityMetrics(prometheus::Registry& registry);
    ~SecurityMetrics();
    SecurityMetrics(const SecurityMetrics&) = delete;
    SecurityMetrics& operator=(const SecurityMetrics&) = delete;

    void refused(Refusal reason);
    // `age` in seconds, of the whole set; none: it was never there.
    void keys(const std::string& issuer, std::size_t keys, std::optional<std::int64_t> age);
    void keys_failed(const std::string& issuer);
    // In Unix seconds; 0: the file can not be read.
    void certificate_expires(CertificateUse use, std::int64_t at);

private:
    struct Series;
    std::unique_ptr<Series> series_;
};

} // namespace sealstream::security
