// Access tokens: published examples, what is accepted, and everything that must not be.

#include "core/base/encoding.hpp"
#include "node/security/gate.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/key_file.hpp"
#include "tests/support/token_signer.hpp"

using namespace sealstream;
using namespace sealstream::security;
using testing::KeyFile;
using testing::TokenSigner;

namespace {

constexpr std::int64_t now = 1'790'000'000;

std::unique_ptr<Gate> gate_for(const KeyFile& keys, const std::string& more_words = {})
{
    AccessOptions options;
    options.rules = {"signed-in roles=reader", "claim.groups=admins roles=admin"};
    options.tokens.issuers = {
        "issuer=https://id.example audience=sealstream|other jwks=" + keys.path() + more_words};
    options.tokens.keys_refresh_seconds = 60;
    return *Gate::make(std::move(options));
}

std::string claims(const std::string& more = {}, std::int64_t expires = now + 600)
{
    return R"({"iss":"https://id.example","aud":"sealstream","sub":"alice","exp":)" +
           std::to_string(expires) + (more.empty() ? "" : "," + more) + "}";
}

Result<CallerPtr> ask(Gate& gate, const std::string& token, std::int64_t when = now)
{
    const std::string field = "Bearer " + token;
    Credentials credentials;
    credentials.authorization = field;
    credentials.authorization_count = 1;
    credentials.now = when;
    return gate.identify(credentials);
}

} // namespace

TEST_CASE("the signatures of the RFCs hold, and changed ones do not", "[security][token]")
{
    struct Vector {
        const char* what;
        Algorithm algorithm;
        const char* keys;
        const char* signed_part;
        const char* signature;
    };
    const auto vector = GENERATE(
        Vector{
            "RFC 7515, A.2", Algorithm::rs256,
            R"({"keys":[{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}]})",
            "eyJhbGciOiJSUzI1NiJ9."
            "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ij"
            "p0cnVlfQ",
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
            "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
            "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--"
            "xi12jzDwusC-"
            "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmt"
            "VrBp0igcN_IoypGlUPQGe77Rw"},
        Vector{
            "RFC 7515, A.3", Algorithm::es256,
            R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})",
            "eyJhbGciOiJFUzI1NiJ9."
            "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ij"
            "p0cnVlfQ",
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-"
            "Kg6NU1Q"},
        Vector{
            "RFC 8037, A.4", Algorithm::eddsa,
            R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})",
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_"
            "MuM0KAg"});
    CAPTURE(vector.what);
    const auto keys = KeySet::parse(vector.keys);
    REQUIRE(keys);
    auto signature = *from_base64url(vector.signature);

    CHECK(keys->verify("", vector.algorithm, vector.signed_part, signature));
    CHECK_FALSE(
        keys->verify("", vector.algorithm, std::string{vector.signed_part} + "x", signature));
    std::size_t wrongly_accepted = 0;
    for (std::size_t at = 0; at < signature.size(); ++at) {
        signature[at] ^= std::byte{1};
        wrongly_accepted +=
            keys->verify("", vector.algorithm, vector.signed_part, signature) ? 1U : 0U;
        signature[at] ^= std::byte{1};
        const auto shorter = ByteView{signature}.first(at);
        wrongly_accepted +=
            keys->verify("", vector.algorithm, vector.signed_part, shorter) ? 1U : 0U;
    }
    signature.push_back(std::byte{0});
    wrongly_accepted += keys->verify("", vector.algorithm, vector.signed_part, signature) ? 1U : 0U;
    CHECK(wrongly_accepted == 0);
}

TEST_CASE("a good token makes a caller with subject, source and roles", "[security][token]")
{
    const auto* const algorithm = GENERATE("RS256", "PS256", "ES256", "EdDSA");
    CAPTURE(algorithm);
    const TokenSigner signer{algorithm, "k1"};
    const KeyFile keys{signer.jwk_set()};
    const auto gate = gate_for(keys, " source=client_id");

    const auto caller =
        ask(*gate, signer.token(claims(R"("client_id":"registry-a","groups":["users","admins"])")));

    REQUIRE(caller);
    CHECK((*caller)->identity.subject == "alice");
    CHECK((*caller)->identity.source == "registry-a");
    CHECK((*caller)->identity.issuer == "https://id.example");
    CHECK(permits_all(**caller, Role::admin, "main"));
    CHECK_FALSE(permits_some(**caller, Role::writer, "main"));
}

TEST_CASE("claims of every form can be named by rules", "[security][token]")
{
    const TokenSigner signer{"EdDSA", "k1"};
    const KeyFile keys{signer.jwk_set()};
    const auto gate = gate_for(keys);

    const auto caller = ask(
        *gate,
        signer.token(claims(
            R"("scope":"read write","realm_access":{"roles":["a","b"]},"level":3,"staff":true)")));

    REQUIRE(caller);
    std::string all;
    for (const auto& claim : (*caller)->identity.claims) {
        all += claim.name + "=" + claim.value + " ";
    }
    for (const auto* expected : {"scope=read ", "scope=write ", "realm_access.roles=a ",
                                 "realm_access.roles=b ", "level=3 ", "staff=true "}) {
        CHECK_THAT(all, Catch::Contains(expected));
    }
}

TEST_CASE("times are kept, with a little patience for clocks", "[security][token]")
{
    const TokenSigner signer{"ES256", "k1"};
    const KeyFile keys{signer.jwk_set()};
    struct Row {
        std::string payload;
        bool is_good;
    };
    const auto at = [](std::int64_t moment) { return std::to_string(moment); };
    const auto row = GENERATE_REF(
        Row{claims({}, now - 59), true}, Row{claims({}, now - 60), false},
        Row{claims("\"nbf\":" + at(now + 60)), true}, Row{claims("\"nbf\":" + at(now + 61)), false},
        Row{claims("\"iat\":" + at(now + 61)), false}, Row{claims("\"nbf\":\"soon\""), false},
        Row{R"({"iss":"https://id.example","aud":"sealstream","sub":"a"})", false},
        Row{R"({"iss":"https://id.example","aud":"sealstream","sub":"a","exp":"never"})", false},
        Row{R"({"iss":"https://id.example","aud":"sealstream","sub":"a","exp":1e300})", false},
        Row{R"({"iss":"https://id.example","aud":"sealstream","sub":"a","exp":-1})", false},
        Row{R"({"iss":"https://id.example","aud":["x","other"],"sub":"a","exp":1790000600.5})",
            true},
        Row{R"({"iss":"https://id.example","aud":["x"],"sub":"a","exp":1790000600})", false},
        Row{R"({"iss":"https://id.example","aud":"sealstream2","sub":"a","exp":1790000600})",
            false},
        Row{R"({"iss":"https://id.example/","aud":"sealstream","sub":"a","exp":1790000600})",
            false},
        Row{R"({"iss":"https://id.example","aud":"sealstream","exp":1790000600})", false},
        Row{R"({"iss":"https://id.example","aud":"sealstream","sub":"","exp":1790000600})", false});
    CAPTURE(row.payload);
    const auto gate = gate_for(keys);

    const auto caller = ask(*gate, signer.token(row.payload));

    CHECK(caller.has_value() == row.is_good);
    if (!caller) {
        CHECK(caller.error().code == Errc::unauthenticated);
    }
}

TEST_CASE("a remembered token expires like any other", "[security][token]")
{
    const TokenSigner signer{"ES256", "k1"};
    const KeyFile keys{signer.jwk_set()};
    const auto gate = gate_for(keys);
    const auto token = signer.token(claims());

    CHECK(ask(*gate, token));
    CHECK(ask(*gate, token, now + 659));
    CHECK_FALSE(ask(*gate, token, now + 660));
}

TEST_CASE("hostile tokens are refused, all with 401 and none quoted", "[security][token][hostile]")
{
    const TokenSigner rsa{"RS256", "k1"};
    const TokenSigner es{"ES256", "k2"};
    const TokenSigner stranger{"RS256", "k1"};
    const KeyFile keys{R"({"keys":[)" + rsa.jwk() + "," + es.jwk() +
                       R"(,{"kty":"oct","kid":"k3","k":"c2VjcmV0"}]})"};
    const auto gate = gate_for(keys);
    const auto good = rsa.token(claims());
    const auto text = [](const std::string& json) { return to_base64url(as_bytes(json)); };
    const auto with_header = [&](const std::string& header) { return rsa.token(claims(), header); };
    const auto unsigned_token = [&](const std::string& alg) {
        return text(R"({"alg":")" + alg + "\"}") + "." + text(claims()) + ".";
    };
    const auto es_token = es.token(claims());
    const auto es_signed = es_token.substr(0, es_token.rfind('.'));
    const auto last_part = good.substr(good.rfind('.') + 1);
    std::string deep;
    for (int level = 0; level < 200; ++level) {
        deep += R"({"a":)";
    }
    REQUIRE(ask(*gate, good));
    REQUIRE(ask(*gate, es_token));

    const std::vector<std::pair<std::string, std::string>> corpus{
        {"nothing", ""},
        {"none", unsigned_token("none")},
        {"None", unsigned_token("None")},
        {"none with a signature", unsigned_token("none") + last_part},
        {"no signature", good.substr(0, good.rfind('.') + 1)},
        {"two parts", good.substr(0, good.rfind('.'))},
        {"four parts", good + ".x"},
        {"five parts, as if encrypted", "a.b.c.d.e"},
        {"HS256 with the public key", testing::token_with_hmac(claims(), rsa.public_pem())},
        {"HS256 with a symmetric key of the set", testing::token_with_hmac(claims(), "secret")},
        {"HS256 over an RSA signature", with_header(R"({"alg":"HS256","kid":"k1"})")},
        {"another's key under our kid", stranger.token(claims())},
        {"a kid that is a path", with_header(R"({"alg":"RS256","kid":"../../../../dev/null"})")},
        {"a kid that is SQL", with_header(R"({"alg":"RS256","kid":"k1' or '1'='1"})")},
        {"a kid that is a list", with_header(R"({"alg":"RS256","kid":["k1"]})")},
        {"a kid with a zero byte", with_header(R"({"alg":"RS256","kid":"k1\u0000"})")},
        {"jku", stranger.token(claims(), R"({"alg":"RS256","kid":"x","jku":"https://evil/"})")},
        {"x5u", stranger.token(claims(), R"({"alg":"RS256","kid":"x","x5u":"https://evil/"})")},
        {"its own key",
         stranger.token(claims(), R"({"alg":"RS256","jwk":)" + stranger.jwk() + "}")},
        {"crit", with_header(R"({"alg":"RS256","kid":"k1","crit":["exp"],"exp":1})")},
        {"b64 with crit", with_header(R"({"alg":"RS256","kid":"k1","b64":false,"crit":["b64"]})")},
        {"alg twice", with_header(R"({"alg":"none","alg":"RS256","kid":"k1"})")},
        {"alg of another key", rsa.token(claims(), R"({"alg":"RS256","kid":"k2"})")},
        {"alg of another kind", rsa.token(claims(), R"({"alg":"PS256","kid":"k1"})")},
        {"an ID token's type", with_header(R"({"alg":"RS256","kid":"k1","typ":"logout+jwt"})")},
        {"expired", rsa.token(claims({}, now - 3'600))},
        {"of the future", rsa.token(claims("\"nbf\":1890000000"))},
        {"sub twice", rsa.token(claims(R"("sub":"admin")"))},
        {"aud twice", rsa.token(claims(R"("aud":"x")"))},
        {"claims that are a list", rsa.token("[]")},
        {"claims that nest", rsa.token(claims("\"x\":" + deep))},
        {"claims with two values", rsa.token(claims() + claims())},
        {"claims that are not UTF-8", rsa.token(claims("\"x\":\"\xff\""))},
        {"huge", rsa.token(claims(R"("x":")" + std::string(9'000, 'x') + "\""))},
        {"padding", good + "="},
        {"a line break", good.substr(0, 40) + "\n" + good.substr(40)},
        {"the other alphabet", good.substr(0, good.size() - 1) + "+"},
        {"an ES256 signature as DER",
         es_signed + "." + text("0E\x02 and more, in some order of bytes that DER would have")},
        {"r and s of zero", es_signed + "." + to_base64url(Bytes(64))},
        {"r and s beyond the order", es_signed + "." + to_base64url(Bytes(64, std::byte{0xff}))},
        {"r and s with a byte more", es_signed + "." + to_base64url(Bytes(65, std::byte{1}))},
        {"a signature cut in half", es_token.substr(0, es_token.size() - 43)},
    };
    testing::CapturedLog captured;
    for (const auto& [what, token] : corpus) {
        CAPTURE(what);
        const auto caller = ask(*gate, token);
        REQUIRE(!caller);
        CHECK(caller.error().code == Errc::unauthenticated);
        if (token.size() > 20) {
            CHECK(caller.error().context.find(token.substr(0, 20)) == std::string::npos);
        }
    }
}

TEST_CASE("a key set with a false key is refused whole", "[security][token][hostile]")
{
    const TokenSigner es{"ES256", "k1"};
    auto off_curve = es.jwk();
    const auto at = off_curve.find("\"x\":\"") + 5;
    off_curve[at] = off_curve[at] == 'A' ? 'B' : 'A';
    struct Row {
        std::string what;
        std::string keys;
        bool is_refused;
    };
    const auto row = GENERATE_REF(
        Row{"not JSON", "keys", true}, Row{"a list", "[]", true}, Row{"no keys", "{}", true},
        Row{"a point off the curve", R"({"keys":[)" + off_curve + "]}", true},
        Row{"one kid twice", R"({"keys":[)" + es.jwk() + "," + es.jwk() + "]}", true},
        Row{"short RSA", R"({"keys":[{"kty":"RSA","kid":"a","n":"3q2-7w","e":"AQAB"}]})", true},
        Row{"even exponent",
            R"({"keys":[{"kty":"RSA","kid":"a","n":")" + std::string(342, 'x') + R"(","e":"Ag"}]})",
            true},
        Row{"short Ed25519", R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA"}]})", true},
        Row{"huge", R"({"keys":[],"x":")" + std::string(key_set_bytes_max, 'x') + "\"}", true},
        Row{"kinds we do not take",
            R"({"keys":[{"kty":"oct","k":"AAAA"},{"kty":"EC","crv":"P-521","x":"","y":""},
                {"kty":"RSA","use":"enc","n":"","e":""},{"kty":"RSA","alg":"RS512","n":"","e":""}]})",
            false});
    CAPTURE(row.what);

    const auto keys = KeySet::parse(row.keys);

    CHECK(keys.has_value() == !row.is_refused);
    if (keys) {
        CHECK(keys->size() == 0);
        CHECK(keys->left_out() == 4);
    }
}

TEST_CASE("new keys are found, withdrawn ones forgotten, broken files ignored", "[security][token]")
{
    const TokenSigner first{"ES256", "k1"};
    const TokenSigner second{"ES256", "k2"};
    const KeyFile keys{first.jwk_set()};
    const auto gate = gate_for(keys);
    const auto of_first = first.token(claims());
    const auto of_second = second.token(claims());
    CHECK(ask(*gate, of_first));
    CHECK_FALSE(ask(*gate, of_second));

    keys.write(second.jwk_set());
    CHECK_FALSE(ask(*gate, of_second, now + 59)); // looked at a moment ago
    CHECK(ask(*gate, of_second, now + 60));
    CHECK_FALSE(ask(*gate, of_first, now + 60)); // remembered, and its key is gone

    testing::CapturedLog captured;
    keys.write("no keys");
    CHECK(ask(*gate, of_second, now + 120));
}

TEST_CASE("what comes with a certificate speaks for somebody through a service",
          "[security][token]")
{
    const TokenSigner signer{"ES256", "k1"};
    const KeyFile keys{signer.jwk_set()};
    const auto gate = gate_for(keys);
    const Result<CallerPtr> service{
        gate->admit({Means::certificate, "registry-a", "spiffe://example.org/a", "", {}})};
    const Result<CallerPtr> nobody{Error{Errc::unauthenticated, "no SPIFFE ID"}};
    const std::string field = "bearer " + signer.token(claims());
    Credentials credentials;
    credentials.authorization = field;
    credentials.authorization_count = 1;
    credentials.now = now;

    credentials.certificate = &service;
    const auto caller = gate->identify(credentials);
    REQUIRE(caller);
    CHECK((*caller)->identity.source == "registry-a");
    CHECK((*caller)->identity.subject == "alice");
    credentials.certificate = &nobody;
    CHECK_FALSE(gate->identify(credentials));
    credentials.certificate = nullptr;
    credentials.authorization_count = 2;
    CHECK_FALSE(gate->identify(credentials));
    credentials.authorization_count = 1;
    credentials.authorization = "Basic YTpi";
    CHECK_FALSE(gate->identify(credentials));
}

TEST_CASE("a line about an issuer that could mean something else is refused", "[security][token]")
{
    const auto* line = GENERATE(
        "", "issuer=a audience=b", "issuer=a jwks=c", "audience=b jwks=c",
        "issuer=a audience=b jwks=c algorithms=none", "issuer=a audience=b jwks=c algorithms=HS256",
        "issuer=a|b audience=b jwks=c", "issuer=a audience=b jwks=c extra=d");
    CAPTURE(line);

    CHECK_FALSE(check_token_issuer(line));
}
