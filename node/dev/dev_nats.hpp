#pragma once

// A private nats-server with JetStream on 127.0.0.1, its data in a folder of ours. It syncs every
// write before it answers, unless told otherwise. Never one that is there already: the port is one
// that nobody uses.
//
//   <folder>/nats.conf, nats.log, nats.pid, port, store/

#include "node/dev/child_process.hpp"

#include <cstdint>
#include <memory>

namespace sealstream {

struct DevNatsOptions {
    std::filesystem::path folder;
    std::string server{}; // nats-server; empty: SEALSTREAM_NATS_SERVER, else the one on PATH
    bool is_synced{true}; // every write on disk before its acknowledgement
    milliseconds ready_wait{60'000}; // a long log is read through after a crash
    milliseconds stop_wait{15'000};
};

class DevNats {
public:
    // Returns when the server answers. Ends the one of a killed earlier run first.
    //   unsupported   no nats-server, or one older than we need
    //   unavailable   it ends or does not answer in time; the context has its last log lines
    [[nodiscard]] static Result<DevNats> start(DevNatsOptions options);

    [[nodiscard]] const std::string& url() const noexcept { return url_; } // nats://127.0.0.1:port
    [[nodiscard]] ChildProcess& process() noexcept { return process_; }
    void stop() noexcept { process_.stop(); }

private:
    DevNats(ChildProcess process, std::string url)
        : process_{std::move(process)},
          url_{std::move(url)}
    {
    }

    ChildProcess process_;
    std::string url_;
};

// The configuration that the server is started with.
[[nodiscard]] std::string nats_configuration(const DevNatsOptions& options, std::uint16_t port);

// The version in the line that a server greets with: INFO {"version":"2.15.1",…}.
[[nodiscard]] std::string version_in_greeting(std::string_view line);

// Whether a version such as "2.15.1" is one that we work with (2.14.4 or newer).
[[nodiscard]] bool is_nats_new_enough(std::string_view version);

} // namespace sealstream
