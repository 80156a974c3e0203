// The keys of TLS and of access.

#include "config/security_keys.hpp"

#include "config/checks.hpp"
#include "config/keys.hpp"

#include <algorithm>

namespace sealstream {

namespace {

using namespace forms;
using security::AccessOptions;
using security::ClientCertificates;
using security::TlsOptions;
using security::TlsVersion;
using security::TokenOptions;

constexpr auto access = [](auto member) { return field(&Settings::access, member); };
constexpr std::size_t lines_max = 1'000; // of one list

Result<void> check_nkey(std::string_view text)
{
    const bool is_good =
        text.empty() ||
        (text.size() == 56 && text.front() == 'U' &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == std::string_view::npos);
    return is_good ? Result<void>{}
                   : Error{Errc::malformed, "must be the public key of a user, 56 letters from U"};
}

Result<void> check_user(std::string_view text)
{
    const bool is_good =
        std::all_of(text.begin(), text.end(), [](char letter) { return letter > ' '; });
    return is_good ? Result<void>{} : Error{Errc::malformed, "must be a name without spaces"};
}

// Lines that a check must accept, each on its own.
template <class Access>
Key lines(std::string path, Access list, std::string form, Check check, std::string help)
{
    Key key{std::move(path), std::move(form), std::move(help), true};
    key.set = [=](Settings& settings, const std::vector<std::string>& words) -> Result<void> {
        if (words.size() > lines_max) {
            return Error{Errc::malformed, "has more than " + std::to_string(lines_max) + " lines"};
        }
        for (const std::string& word : words) {
            if (const auto checked = check(word); !checked) {
                return Error{Errc::malformed, "\"" + word + "\": " + checked.error().context};
            }
        }
        list(settings) = words;
        return {};
    };
    key.show = [=](const Settings& settings) { return joined(value_of(list, settings)); };
    return key;
}

// The five of one listener.
template <class Tls>
void add_tls_keys(std::vector<Key>& keys, const std::string& prefix, Tls tls)
{
    const auto of = [tls](auto member) { return field(&Settings::http, tls, member); };
    keys.push_back(text(prefix + "certificate_file", of(&TlsOptions::certificate_file), "a file",
                        nullptr, "the certificate and its chain, PEM; turns TLS on"));
    keys.push_back(text(prefix + "key_file", of(&TlsOptions::key_file), "a file", nullptr,
                        "its private key, PEM without a password"));
    keys.push_back(text(prefix + "client_ca_file", of(&TlsOptions::client_ca_file), "a file",
                        nullptr, "the authorities of clients' certificates, PEM"));
    keys.push_back(choice(prefix + "client_certificates", of(&TlsOptions::client_certificates),
                          {{"none", ClientCertificates::none},
                           {"optional", ClientCertificates::optional},
                           {"required", ClientCertificates::required}},
                          "whether clients show certificates"));
    keys.push_back(choice(prefix + "version_min", of(&TlsOptions::version_min),
                          {{"1.2", TlsVersion::tls_1_2}, {"1.3", TlsVersion::tls_1_3}},
                          "the oldest TLS"));
}

template <class Member>
Key plaintext_key(std::string path, Member member)
{
    return choice(std::move(path), field(&Settings::http, member),
                  {{"loopback", false}, {"anywhere", true}},
                  "where HTTP without TLS is served; anywhere is for behind something that "
                  "encrypts");
}

void add_rate_keys(std::vector<Key>& keys)
{
    using security::RateOptions;
    constexpr std::int64_t rate_max = 1'000'000'000;
    const auto rates = [](auto member) {
        return field(&Settings::access, &AccessOptions::rates, member);
    };
    keys.push_back(number("rates.requests_per_s", rates(&RateOptions::requests_per_second), 0,
                          rate_max, "requests a second of one client; 0: no limit"));
    keys.push_back(number("rates.events_per_s", rates(&RateOptions::events_per_second), 0, rate_max,
                          "events a second that one client appends; 0: no limit"));
    keys.push_back(number("rates.bytes_per_s", rates(&RateOptions::bytes_per_second), 0, rate_max,
                          "bytes a second that one client sends; 0: no limit"));
    keys.push_back(number("rates.burst_s", rates(&RateOptions::burst_seconds), 1, 3'600,
                          "seconds' worth that a client may spend at once"));
    keys.push_back(number("rates.clients_max", rates(&RateOptions::clients_max), 1, 10'000'000,
                          "clients that are remembered"));
    keys.push_back(number("rates.connections_per_client_max",
                          rates(&RateOptions::connections_per_client_max), 0, 1'000'000,
                          "connections of one address; 0: no limit"));
}

void add_store_keys(std::vector<Key>& keys)
{
    using jetstream::ConnectionOptions;
    const auto nats = [](auto member) { return field(&Settings::nats, member); };
    const auto postgres = [](auto member) { return field(&Settings::postgres, member); };
    const auto file = [&keys](const char* path, auto member, const char* help) {
        keys.push_back(text(path, member, "a file", nullptr, help));
    };
    file("nats.nkey_file", nats(&ConnectionOptions::nkey_seed_file),
         "the file with the seed of nats.nkey");
    keys.push_back(text("nats.nkey", nats(&ConnectionOptions::nkey), "a public key, U…",
                        &check_nkey, "who signs in to NATS"));
    keys.push_back(text("nats.user", nats(&ConnectionOptions::user), "a name", &check_user,
                        "who signs in to NATS with a password"));
    file("nats.password_file", nats(&ConnectionOptions::password_file),
         "the file with the password of nats.user");
    file("nats.tls_ca_file", nats(&ConnectionOptions::tls_ca_file),
         "turns TLS to NATS on: the authorities of its servers, whose names are checked");
    file("nats.tls_certificate_file", nats(&ConnectionOptions::tls_certificate_file),
         "the certificate to show to NATS");
    file("nats.tls_key_file", nats(&ConnectionOptions::tls_key_file), "its key");
    keys.push_back(choice("postgres.sslmode", postgres(&PostgresSettings::sslmode),
                          {{"prefer", std::string{}},
                           {"require", "require"},
                           {"verify-ca", "verify-ca"},
                           {"verify-full", "verify-full"},
                           {"disable", "disable"}},
                          "TLS to postgres.host, as libpq's sslmode; a URI has its own"));
    file("postgres.tls_ca_file", postgres(&PostgresSettings::tls_ca_file),
         "the authorities of postgres.host");
    file("postgres.tls_certificate_file", postgres(&PostgresSettings::tls_certificate_file),
         "the certificate to show to postgres.host");
    file("postgres.tls_key_file", postgres(&PostgresSettings::tls_key_file), "its key");
}

} // namespace

std::vector<Key> security_keys()
{
    std::vector<Key> keys;
    add_tls_keys(keys, "http.tls.", &http::Options::tls);
    add_tls_keys(keys, "http.admin_tls.", &http::Options::admin_tls);
    keys.push_back(plaintext_key("http.plaintext", &http::Options::is_plain_anywhere));
    keys.push_back(plaintext_key("http.admin_plaintext", &http::Options::is_admin_plain_anywhere));
    keys.push_back(
        number("http.handshake_ms",
               field(&Settings::http, &http::Options::timeouts, &http::Timeouts::handshake), 100,
               600'000, "for a client to finish the handshake of TLS"));
    keys.push_back(choice("access.loopback", access(&AccessOptions::trusts_loopback),
                          {{"trusted", true}, {"authenticated", false}},
                          "whether who connects from this machine may do everything"));
    keys.push_back(choice("access.metrics", access(&AccessOptions::has_open_metrics),
                          {{"authenticated", false}, {"open", true}},
                          "whether GET /metrics needs the role auditor"));
    keys.push_back(choice("access.actor", access(&AccessOptions::forces_actor),
                          {{"client", false}, {"subject", true}},
                          "who an event's actor is: as the client says, or who signed in"));
    keys.push_back(lines("access.rules", access(&AccessOptions::rules),
                         "lines such as source=registry-* roles=writer",
                         &security::check_access_rule, "who gets which role; docs/security.md"));
    keys.push_back(lines("access.spiffe_trust_domains", access(&AccessOptions::trust_domains),
                         "names such as example.org", &security::check_trust_domain,
                         "whose clients' certificates are accepted"));
    keys.push_back(lines("access.spiffe_sources", access(&AccessOptions::spiffe_sources),
                         "lines such as spiffe://example.org/*=*", &security::check_spiffe_source,
                         "the source of each SPIFFE ID; without one, the ID itself"));
    const auto tokens = [](auto member) {
        return field(&Settings::access, &AccessOptions::tokens, member);
    };
    keys.push_back(lines("tokens.issuers", tokens(&TokenOptions::issuers),
                         "lines such as issuer=https://id.example audience=sealstream "
                         "jwks=https://id.example/keys",
                         &security::check_token_issuer,
                         "who signs access tokens, and where their keys are; docs/security.md"));
    keys.push_back(number("tokens.skew_s", tokens(&TokenOptions::skew_seconds), 0, 300,
                          "seconds that an issuer's clock may differ from ours"));
    keys.push_back(number("tokens.remembered_max", tokens(&TokenOptions::remembered_max), 1,
                          1'000'000, "good tokens whose signature is not checked again"));
    keys.push_back(number("tokens.keys_refresh_s", tokens(&TokenOptions::keys_refresh_seconds), 1,
                          86'400, "seconds between two looks at a file of keys"));
    keys.push_back(text("tokens.keys_ca_file", tokens(&TokenOptions::ca_file), "a file", nullptr,
                        "the authorities of servers that keys are fetched from; the system's"));
    keys.push_back(number("tokens.keys_fetch_s", tokens(&TokenOptions::fetch_interval), 1, 86'400,
                          "between two fetches of keys that have a URL"));
    keys.push_back(number("tokens.keys_fetch_early_s", tokens(&TokenOptions::fetch_early), 1,
                          86'400, "at least between two fetches because a token names a new key"));
    keys.push_back(number("tokens.keys_fetch_timeout_ms", tokens(&TokenOptions::fetch_timeout), 100,
                          60'000, "of one fetch, from name to last byte"));
    keys.push_back(number("tokens.keys_age_max_s", tokens(&TokenOptions::keys_age_seconds_max), 0,
                          31'536'000,
                          "then fetched keys count no more; 0: as long as the node runs"));
    add_rate_keys(keys);
    add_store_keys(keys);
    return keys;
}

void broken_security_relations(const Settings& settings, std::vector<std::string>& broken)
{
    const auto must_hold = [&broken](bool holds, std::string sentence) {
        if (!holds) {
            broken.push_back(std::move(sentence));
        }
    };
    const auto& nats = settings.nats;
    must_hold(nats.nkey.empty() == nats.nkey_seed_file.empty(),
              "nats.nkey: nats.nkey and nats.nkey_file go together");
    must_hold(nats.user.empty() == nats.password_file.empty(),
              "nats.user: nats.user and nats.password_file go together");
    const int ways = (nats.nkey.empty() ? 0 : 1) + (nats.user.empty() ? 0 : 1) +
                     (nats.credentials_file.empty() ? 0 : 1);
    must_hold(ways <= 1, "nats.user: only one of nats.credentials_file, nats.nkey and nats.user");
    must_hold(nats.tls_certificate_file.empty() == nats.tls_key_file.empty(),
              "nats.tls_key_file: tls_certificate_file and tls_key_file go together");
    must_hold(nats.tls_certificate_file.empty() || !nats.tls_ca_file.empty(),
              "nats.tls_certificate_file: needs nats.tls_ca_file");
    for (const auto& [prefix, tls] : {std::pair{"http.tls.", &settings.http.tls},
                                      std::pair{"http.admin_tls.", &settings.http.admin_tls}}) {
        const std::string name{prefix};
        const bool wants_clients = tls->client_certificates != ClientCertificates::none;
        must_hold(tls->certificate_file.empty() == tls->key_file.empty(),
                  name + "key_file: certificate_file and key_file go together");
        must_hold(!wants_clients || tls->is_on(),
                  name + "client_certificates: needs " + name + "certificate_file");
        must_hold(!wants_clients || !tls->client_ca_file.empty(),
                  name + "client_certificates: needs " + name + "client_ca_file");
        must_hold(!wants_clients || !settings.access.trust_domains.empty(),
                  name + "client_certificates: needs access.spiffe_trust_domains, or every "
                         "certificate is refused");
    }
}

} // namespace sealstream
