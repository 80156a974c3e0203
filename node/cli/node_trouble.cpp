#include "node/cli/node_trouble.hpp"

#include "core/event/canonical_json.hpp"

namespace sealstream::cli {

namespace {

constexpr std::size_t problem_bytes_max = 1 << 20;

std::string in_brackets(std::string_view why)
{
    return " (" + std::string{why} + ")";
}

std::string member_text(const boost::json::object& problem, std::string_view name)
{
    const auto* member = problem.if_contains({name.data(), name.size()});
    return member != nullptr && member->is_string()
               ? std::string{member->get_string().data(), member->get_string().size()}
               : std::string{};
}

std::string code_of(std::string_view body)
{
    const auto value = parse_json(body, {8, problem_bytes_max});
    return value && value->is_object() ? member_text(value->get_object(), "code") : std::string{};
}

std::string remedy_of_401(const NodeAccess& access)
{
    if (access.has_token()) {
        return "; the token comes from " +
               (access.token_file.empty() ? "SEALSTREAM_TOKEN" : access.token_file.string());
    }
    if (!access.certificate_file.empty()) {
        return access.url.is_tls ? "; the certificate is " + access.certificate_file.string()
                                 : "; certificates are shown over https:// only";
    }
    return "; --token FILE, or --cert and --key, say who asks";
}

} // namespace

Error no_answer(const NodeUrl& url, std::string_view why)
{
    return {Errc::unavailable, "no node answers at " + url.place() + in_brackets(why) +
                                   "; is it running? --url or SEALSTREAM_URL names another"};
}

Error no_answer_after_handshake(const NodeAccess& access, std::string_view why)
{
    if (!access.certificate_file.empty()) {
        return no_answer(access.url, why);
    }
    return {Errc::unavailable, access.url.place() + " ends the connection without an answer" +
                                   in_brackets(why) +
                                   "; if it wants a certificate, --cert and --key name one"};
}

Error no_trust(const NodeAccess& access, const Error& failure, std::string_view alert)
{
    const std::string place = access.url.place();
    if (!alert.empty()) {
        const bool is_about_certificate = alert.find("certificate") != std::string_view::npos ||
                                          alert.find("unknown ca") != std::string_view::npos;
        const std::string remedy =
            !is_about_certificate ? ""
            : !access.certificate_file.empty()
                ? "; does it trust who signed " + access.certificate_file.string() + "?"
                : "; --cert and --key name a certificate for it";
        return {Errc::unauthenticated,
                place + " refuses the connection" + in_brackets(alert) + remedy};
    }
    const std::string& why = failure.context;
    if (failure.code == Errc::unauthenticated) {
        const std::string remedy =
            why.ends_with("mismatch") ? "; ask by a name that is in its certificate"
            : why.find("expired") != std::string::npos ? "; it needs a new one"
            : access.ca_file.empty()
                ? "; --ca FILE names the authority that signed it"
                : "; --ca " + access.ca_file.string() + " does not hold who signed it";
        return {Errc::unauthenticated,
                "the certificate of " + place + " is not trusted" + in_brackets(why) + remedy};
    }
    if (failure.code == Errc::malformed) {
        return {Errc::malformed, place + " does not speak TLS" + in_brackets(why) +
                                     "; try http://" + access.url.authority()};
    }
    return no_answer(access.url, why);
}

Error no_http(const NodeUrl& url, std::string_view begin)
{
    // An alert of TLS (RFC 8446, 5.1).
    if (begin.size() >= 2 && begin[0] == '\x15' && begin[1] == '\x03') {
        return {Errc::malformed, url.place() + " speaks TLS; use https://" + url.authority()};
    }
    return {Errc::malformed, "what answers at " + url.place() + " is no HTTP server"};
}

Error problem_error(int status, std::string_view body)
{
    Error error{status >= 500 || status == 429 ? Errc::unavailable
                : status == 401                ? Errc::unauthenticated
                : status == 403                ? Errc::forbidden
                                               : Errc::malformed,
                "the node answers with status " + std::to_string(status)};
    const auto value = parse_json(body, {8, problem_bytes_max});
    if (!value || !value->is_object()) {
        return error;
    }
    const auto& problem = value->get_object();
    const std::string code = member_text(problem, "code");
    for (std::size_t at = 0; at < errc_count; ++at) {
        const auto known = static_cast<Errc>(at);
        error.code = name(known) == code ? known : error.code;
    }
    const std::string detail = member_text(problem, "detail");
    error.context = detail.empty() ? error.context : detail;
    return error;
}

Error problem_error(const NodeAccess& access, int status, std::string_view body)
{
    Error error = problem_error(status, body);
    const std::string place = access.url.place();
    if (code_of(body) == "tls_required") {
        error.context = place + " speaks TLS; use https://" + access.url.authority();
    } else if (status == 401) {
        error.context = place + ": " + error.context + remedy_of_401(access);
    } else if (status == 403) {
        error.context = place + ": " + error.context;
    }
    return error;
}

} // namespace sealstream::cli
