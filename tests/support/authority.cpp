#include "tests/support/authority.hpp"

#include "core/base/check.hpp"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <unistd.h>

namespace sealstream::testing {

namespace {

template <class T, void (*release)(T*)>
struct Release {
    void operator()(T* object) const noexcept { release(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY, &EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509, &X509_free>>;

Key make_key()
{
    Key key{EVP_EC_gen("P-256")};
    SEAL_CHECK(key != nullptr, "OpenSSL makes P-256 keys");
    return key;
}

void add_extension(X509* to, X509* issuer, int kind, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
    X509_EXTENSION* const made = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    SEAL_CHECK(made != nullptr, "the extension is well-formed");
    X509_add_ext(to, made, -1);
    X509_EXTENSION_free(made);
}

std::string all_names(const Request& request)
{
    std::string names;
    const auto add = [&names](const char* kind, const std::vector<std::string>& values) {
        for (const auto& value : values) {
            names += (names.empty() ? "" : ",") + std::string{kind} + value;
        }
    };
    add("DNS:", request.dns);
    add("IP:", request.addresses);
    add("URI:", request.uris);
    return names;
}

Certificate make_certificate(const Request& request, EVP_PKEY* key, X509* issuer,
                             EVP_PKEY* issuer_key)
{
    Certificate made{X509_new()};
    X509* const to = made.get();
    X509_set_version(to, X509_VERSION_3);
    BIGNUM* const serial = BN_new();
    BN_rand(serial, 63, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY);
    BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(to));
    BN_free(serial);
    X509_gmtime_adj(X509_getm_notBefore(to), request.begins.count());
    X509_gmtime_adj(X509_getm_notAfter(to), request.ends.count());
    X509_set_pubkey(to, key);
    X509_NAME* const name = X509_get_subject_name(to);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(request.name.c_str()), -1, -1,
                               0);
    X509* const signer = issuer == nullptr ? to : issuer;
    X509_set_issuer_name(to, X509_get_subject_name(signer));
    add_extension(to, signer, NID_basic_constraints,
                  request.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(to, signer, NID_key_usage,
                  request.is_authority            ? "critical,keyCertSign,cRLSign"
                  : request.may_sign_certificates ? "critical,digitalSignature,keyCertSign"
                                                  : "critical,digitalSignature");
    add_extension(to, signer, NID_subject_key_identifier, "hash");
    if (!request.is_authority) {
        add_extension(to, signer, NID_ext_key_usage, "serverAuth,clientAuth");
    }
    if (const auto names = all_names(request); !names.empty()) {
        add_extension(to, signer, NID_subject_alt_name, names);
    }
    SEAL_CHECK(X509_sign(to, issuer_key, EVP_sha256()) > 0, "a certificate can be signed");
    return made;
}

template <class Write>
void write_in_one_step(const std::filesystem::path& file, Write write)
{
    const auto fresh = file.string() + ".new";
    BIO* const out = BIO_new_file(fresh.c_str(), "w");
    SEAL_CHECK(out != nullptr && write(out) == 1, "the test's folder can be written");
    BIO_free(out);
    std::filesystem::rename(fresh, file);
}

} // namespace

struct Authority::Native {
    Key key;
    Certificate certificate;
};

Authority::Authority(const std::string& name) : native_{std::make_unique<Native>()}
{
    std::string folder = (std::filesystem::temp_directory_path() / "authority-XXXXXX").string();
    SEAL_CHECK(::mkdtemp(folder.data()) != nullptr, "a temporary folder can be made");
    folder_ = folder;
    std::filesystem::permissions(folder_, std::filesystem::perms{0755}); // Postgres reads from it
    native_->key = make_key();
    Request request;
    request.name = name;
    request.is_authority = true;
    native_->certificate =
        make_certificate(request, native_->key.get(), nullptr, native_->key.get());
    write_in_one_step(certificate_file(), [this](BIO* out) {
        return PEM_write_bio_X509(out, native_->certificate.get());
    });
}

Authority::~Authority()
{
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

CertificateFiles Authority::issue(const std::string& file, const Request& request)
{
    const Key key = make_key();
    const Certificate made =
        make_certificate(request, key.get(), native_->certificate.get(), native_->key.get());
    CertificateFiles files{folder_ / (file + ".pem"), folder_ / (file + ".key"), {}};
    write_in_one_step(files.key, [&key](BIO* out) {
        return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    write_in_one_step(files.certificate,
                      [&made](BIO* out) { return PEM_write_bio_X509(out, made.get()); });
    BIGNUM* const serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(made.get()), nullptr);
    char* const text = BN_bn2hex(serial);
    files.serial = text;
    OPENSSL_free(text);
    BN_free(serial);
    return files;
}

CertificateFiles Authority::issue_server(const std::string& file)
{
    Request request;
    request.dns = {"localhost"};
    request.addresses = {"127.0.0.1"};
    return issue(file, request);
}

CertificateFiles Authority::issue_client(const std::string& file, const std::string& uri)
{
    Request request;
    request.name = file;
    request.uris = {uri};
    return issue(file, request);
}

} // namespace sealstream::testing
