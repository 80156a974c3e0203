#pragma once

// What nats.c does not do without blocking, away from the I/O thread. Only sources of this folder
// include this.

#include "jetstream/message.hpp"

#include <functional>

namespace sealstream::jetstream {

// Runs `work`, which must end by itself, on a thread of its own. The end of the process waits for
// it.
void run_aside(std::function<void()> work);

// natsConnection_Close() waits for an answer to a last ping, which nobody reads any more when the
// loop is ours: up to a second.
void close_aside(ConnectionHandle connection);

} // namespace sealstream::jetstream
