#pragma once

// Closing a connection, away from the I/O thread. Only sources of this folder include this.

#include "jetstream/message.hpp"

namespace sealstream::jetstream {

// natsConnection_Close() waits for an answer to a last ping, which nobody reads any more when the
// loop is ours: up to a second. The end of the process waits for those that are left.
void close_elsewhere(ConnectionHandle connection);

} // namespace sealstream::jetstream
