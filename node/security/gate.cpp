#include "node/security/gate.hpp"

#include "core/event/names.hpp"
#include "node/security/peer_certificate.hpp"

#include <algorithm>

namespace sealstream::security {

namespace {

constexpr std::string_view certificate_has_expired = "the client's certificate has expired";

CallerPtr make_local()
{
    Caller caller;
    caller.identity.means = Means::loopback;
    Grant everything;
    for (const Role role : {Role::reader, Role::writer, Role::auditor, Role::admin}) {
        everything.roles.add(role);
    }
    caller.grants.push_back(std::move(everything));
    return std::make_shared<const Caller>(std::move(caller));
}

} // namespace

Result<void> check_access_rule(std::string_view line)
{
    const auto rule = parse_access_rule(line);
    return rule ? Result<void>{} : Result<void>{rule.error()};
}

Result<void> check_trust_domain(std::string_view line)
{
    const auto id = SpiffeId::parse("spiffe://" + std::string{line} + "/workload");
    if (!id || id->trust_domain != line) {
        return Error{Errc::malformed, "must be a trust domain, such as example.org"};
    }
    return {};
}

Result<void> check_spiffe_source(std::string_view line)
{
    const auto mapping = SourceMapping::parse(line);
    return mapping ? Result<void>{} : Result<void>{mapping.error()};
}

Result<void> check_token_issuer(std::string_view line)
{
    const auto issuer = TokenIssuer::parse(line);
    return issuer ? Result<void>{} : Result<void>{issuer.error()};
}

Gate::Gate(AccessOptions options, std::vector<AccessRule> rules, std::vector<SourceMapping> sources,
           TokenKeys tokens)
    : options_{std::move(options)},
      rules_{std::move(rules)},
      sources_{std::move(sources)},
      tokens_{std::move(tokens)},
      nobody_{admit({})},
      local_{make_local()}
{
}

Result<std::unique_ptr<Gate>> Gate::make(AccessOptions options)
{
    std::vector<AccessRule> rules;
    for (const std::string& line : options.rules) {
        auto rule = parse_access_rule(line);
        if (!rule) {
            return with_context(rule.error(), "access.rules \"" + line + "\"");
        }
        rules.push_back(*std::move(rule));
    }
    std::vector<SourceMapping> sources;
    for (const std::string& line : options.spiffe_sources) {
        SEAL_TRY(source, SourceMapping::parse(line));
        sources.push_back(std::move(source));
    }
    SEAL_TRY(tokens, TokenKeys::load(options.tokens));
    return std::unique_ptr<Gate>{
        new Gate{std::move(options), std::move(rules), std::move(sources), std::move(tokens)}};
}

Gate& Gate::loopback_only()
{
    static Gate gate{{}, {}, {}, {}};
    return gate;
}

void Gate::report_to(SecurityMetrics* metrics) noexcept
{
    metrics_ = metrics;
    tokens_.report_to(metrics);
}

void Gate::count(Refusal reason) const
{
    if (metrics_ != nullptr) {
        metrics_->refused(reason);
    }
}

void Gate::count(const Error& error) const
{
    const bool has_expired =
        error.context == token_has_expired || error.context == certificate_has_expired;
    count(error.code == Errc::unavailable          ? Refusal::keys_unavailable
          : error.context == token_has_unknown_key ? Refusal::unknown_key
          : has_expired                            ? Refusal::expired
                                                   : Refusal::bad_credentials);
}

Result<CallerPtr> Gate::identify(const Credentials& credentials)
{
    auto caller = identify_by(credentials);
    if (!caller) {
        count(caller.error());
    }
    return caller;
}

Result<CallerPtr> Gate::identify_by(const Credentials& credentials)
{
    const auto* const certificate = credentials.certificate;
    // A connection can outlive the certificate that it began with.
    if (certificate != nullptr && *certificate &&
        credentials.now >= (**certificate)->identity.certificate_expires) {
        return Error{Errc::unauthenticated, std::string{certificate_has_expired}};
    }
    if (credentials.authorization_count != 0) {
        return identify_token(credentials);
    }
    if (certificate != nullptr) {
        return *certificate;
    }
    if (credentials.is_loopback && options_.trusts_loopback) {
        return local_;
    }
    return nobody_;
}

std::int64_t Gate::expiry_of(const Caller& caller) noexcept
{
    return std::min(caller.identity.certificate_expires, caller.identity.token_expires);
}

std::optional<Lapse> Gate::lapse_of(const Caller& caller, std::int64_t now)
{
    const Identity& identity = caller.identity;
    if (now >= identity.certificate_expires) {
        return Lapse::certificate_expired;
    }
    if (now >= identity.token_expires) {
        return Lapse::token_expired;
    }
    if (identity.means == Means::token && !tokens_.has_key_of(identity, now)) {
        return Lapse::key_withdrawn;
    }
    return std::nullopt;
}

// With a certificate as well, the service that asks is the source, and the token says for whom.
Result<CallerPtr> Gate::identify_token(const Credentials& credentials)
{
    constexpr std::string_view scheme = "bearer ";
    const auto field = credentials.authorization;
    const bool is_bearer =
        field.size() > scheme.size() &&
        std::equal(scheme.begin(), scheme.end(), field.begin(), [](char left, char right) {
            return left == (right >= 'A' && right <= 'Z' ? right - 'A' + 'a' : right);
        });
    if (credentials.authorization_count != 1 || !is_bearer || tokens_.is_empty()) {
        return Error{Errc::unauthenticated, tokens_.is_empty()
                                                ? "tokens are not accepted here"
                                                : "one field is needed: Authorization: Bearer …"};
    }
    const auto text = field.substr(scheme.size());
    const auto* const certificate = credentials.certificate;
    if (certificate == nullptr) {
        return tokens_.identify(text, credentials.now,
                                [this](Identity identity) { return admit(std::move(identity)); });
    }
    if (!*certificate) {
        return certificate->error();
    }
    SEAL_TRY(token, tokens_.identify(text, credentials.now, [this](Identity identity) {
        return admit(std::move(identity));
    }));
    Identity both = token->identity;
    both.source = (**certificate)->identity.source;
    both.certificate_expires = (**certificate)->identity.certificate_expires;
    return admit(std::move(both));
}

Result<CallerPtr> Gate::admit_certificate(std::string_view der) const
{
    SEAL_TRY(named, read_peer_certificate(der));
    const SpiffeId& id = named.id;
    const auto& domains = options_.trust_domains;
    if (std::find(domains.begin(), domains.end(), id.trust_domain) == domains.end()) {
        return Error{Errc::unauthenticated,
                     "the client's certificate is of the trust domain " + id.trust_domain +
                         ", which access.spiffe_trust_domains does not name"};
    }
    Identity identity{Means::certificate, source_of(id, sources_), id.to_string(), {}, {},
                      named.not_after};
    if (!check_label(identity.source)) {
        return Error{Errc::unauthenticated, id.to_string() +
                                                " is too long to be a source; map it in "
                                                "access.spiffe_sources"};
    }
    return admit(std::move(identity));
}

bool Gate::knows_clients() const noexcept
{
    return !tokens_.is_empty() ||
           std::any_of(rules_.begin(), rules_.end(),
                       [](const AccessRule& rule) { return rule.is_for_anonymous; });
}

CallerPtr Gate::admit(Identity identity) const
{
    Caller caller;
    caller.grants = grants_for(rules_, identity);
    if (options_.forces_actor) {
        caller.forced_actor = identity.subject;
    }
    caller.identity = std::move(identity);
    return std::make_shared<const Caller>(std::move(caller));
}

} // namespace sealstream::security
