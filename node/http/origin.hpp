#pragma once

// Whether a request may come from a page in a browser that is not ours. A page of another site can
// send requests to this machine, and make its own name lead here (DNS rebinding).

#include "node/http/request_head.hpp"

namespace sealstream::http {

// It names an origin, and not the host that it was sent to.
[[nodiscard]] bool has_foreign_origin(const RequestHead& head);

// Its host is a name of the public DNS: neither an address, nor a single label such as localhost,
// nor below .localhost (RFC 6761, 6.3). Only such a name can be a stranger's.
[[nodiscard]] bool has_public_host(const RequestHead& head);

} // namespace sealstream::http
