#include "tests/node/http/tls_client.hpp"

#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

namespace sealstream::testing {

namespace {

namespace ssl = boost::asio::ssl;
using boost::asio::ip::tcp;
using TlsStream = ssl::stream<tcp::socket>;

std::string serial_of(SSL* tls)
{
    X509* const certificate = SSL_get1_peer_certificate(tls);
    if (certificate == nullptr) {
        return {};
    }
    BIGNUM* const number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr);
    char* const text = BN_bn2hex(number);
    std::string serial{text};
    OPENSSL_free(text);
    BN_free(number);
    X509_free(certificate);
    return serial;
}

Task<TlsOutcome> exchange(TlsStream* stream, std::string bytes)
{
    TlsOutcome outcome;
    const auto [failed] = co_await stream->async_handshake(ssl::stream_base::client, use_tuple);
    if (failed) {
        outcome.failure = failed.message();
        co_return outcome;
    }
    SSL* const tls = stream->native_handle();
    outcome.serial = serial_of(tls);
    outcome.version = SSL_get_version(tls);
    const unsigned char* protocol = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(tls, &protocol, &size);
    if (size != 0) {
        outcome.protocol.assign(reinterpret_cast<const char*>(protocol), size);
    }
    const auto all = boost::asio::buffer(bytes);
    const auto [unsent, sent] = co_await boost::asio::async_write(*stream, all, use_tuple);
    boost::system::error_code ended = unsent;
    std::array<char, 16'384> piece{};
    const auto space = boost::asio::buffer(piece);
    while (!ended) {
        const auto [failure, got] = co_await stream->async_read_some(space, use_tuple);
        outcome.answer.append(piece.data(), got);
        ended = failure;
    }
    if (ended != boost::asio::error::eof && ended != ssl::error::stream_truncated) {
        outcome.failure = ended.message();
    }
    co_return outcome;
}

} // namespace

TlsOutcome tls_exchange(ServerWorld& world, std::uint16_t port, TlsOffer offer, std::string bytes)
{
    ssl::context context{ssl::context::tls_client};
    if (!offer.trusts.empty()) {
        context.load_verify_file(offer.trusts.string());
        context.set_verify_mode(ssl::verify_peer);
    }
    if (offer.certificate) {
        context.use_certificate_chain_file(offer.certificate->certificate.string());
        context.use_private_key_file(offer.certificate->key.string(), ssl::context::pem);
    }
    if (offer.version_max != 0) {
        SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context.native_handle(), offer.version_max);
    }
    if (!offer.ciphers.empty()) {
        SSL_CTX_set_cipher_list(context.native_handle(), offer.ciphers.c_str());
    }
    TlsStream stream{world.context, context};
    if (!offer.protocols.empty()) {
        SSL_set_alpn_protos(stream.native_handle(),
                            reinterpret_cast<const unsigned char*>(offer.protocols.data()),
                            static_cast<unsigned int>(offer.protocols.size()));
    }
    stream.set_verify_callback(ssl::host_name_verification{"localhost"});
    stream.next_layer().connect({boost::asio::ip::address_v4::loopback(), port});
    return run_task(world.context, exchange(&stream, std::move(bytes)));
}

} // namespace sealstream::testing
