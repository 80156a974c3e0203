#include "node/security/peer_certificate.hpp"

#include "node/security/openssl_handles.hpp"

namespace sealstream::security {

namespace {

Error refused_certificate(std::string reason)
{
    return {Errc::unauthenticated, "the client's certificate: " + std::move(reason)};
}

Result<std::string> only_uri(X509* certificate)
{
    const NamesHandle names{static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
    std::string uri;
    int uris = 0;
    for (int at = 0; names != nullptr && at < sk_GENERAL_NAME_num(names.get()); ++at) {
        const GENERAL_NAME* const general = sk_GENERAL_NAME_value(names.get(), at);
        if (general->type != GEN_URI) {
            continue;
        }
        ++uris;
        const ASN1_IA5STRING* const text = general->d.uniformResourceIdentifier;
        uri.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                   static_cast<std::size_t>(ASN1_STRING_length(text)));
    }
    if (uris != 1) {
        return refused_certificate("it must name exactly one URI, and names " +
                                   std::to_string(uris));
    }
    return uri;
}

} // namespace

Result<PeerCertificate> read_peer_certificate(std::string_view der)
{
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    const CertificateHandle certificate{d2i_X509(nullptr, &bytes, static_cast<long>(der.size()))};
    if (certificate == nullptr) {
        return refused_certificate(take_openssl_error());
    }
    if (X509_check_ca(certificate.get()) != 0) {
        return refused_certificate("it is an authority's");
    }
    const auto usage = X509_get_key_usage(certificate.get()); // all bits where nothing is said
    const bool says_usage = usage != UINT32_MAX;
    if (says_usage &&
        ((usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0 || (usage & KU_DIGITAL_SIGNATURE) == 0)) {
        return refused_certificate("its key is not for signing in");
    }
    SEAL_TRY(uri, only_uri(certificate.get()));
    const auto id = SpiffeId::parse(uri);
    if (!id) {
        return refused_certificate(id.error().context);
    }
    const auto not_after = unix_time(X509_get0_notAfter(certificate.get()));
    if (!not_after) {
        return refused_certificate(not_after.error().context);
    }
    return PeerCertificate{*id, *not_after};
}

} // namespace sealstream::security
