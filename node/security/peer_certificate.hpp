#pragma once

// Who a client's certificate names: an X.509-SVID (SPIFFE X509-SVID, 2 to 5). The chain has been
// verified by TLS; this is about the leaf.

#include "node/security/spiffe_id.hpp"

namespace sealstream::security {

struct PeerCertificate {
    SpiffeId id;
    std::int64_t not_after{0}; // Unix seconds
};

// `der` is the certificate.
//   unauthenticated   not exactly one URI in its alternative names, that is no SPIFFE ID of a
//                     workload, it is an authority, or its key may sign certificates
[[nodiscard]] Result<PeerCertificate> read_peer_certificate(std::string_view der);

} // namespace sealstream::security
