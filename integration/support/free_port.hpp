#pragma once

// A port on 127.0.0.1 for a server of a test. Below the range from which the kernel takes ports for
// outgoing connections, so that none of those has it when the server is started again; never the
// same twice in one process.

namespace sealstream::testing {

[[nodiscard]] int free_port(); // throws std::runtime_error when there is none

} // namespace sealstream::testing
