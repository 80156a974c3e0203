#pragma once

// A feed over a WebSocket. The server sends the frames of feed_frames.hpp, one a message; the
// client may send
//
//   {"type":"ack","cursor":"42"}       everything up to here has been dealt with
//   {"type":"credit","events":100}     so many events may be on the way unacknowledged from now on
//
// With a credit (from the query or from a message) the server stops when so many events are not
// acknowledged; without, TCP alone holds it back. A ping goes out with every heartbeat's time; a
// client that has not said anything until the next one is gone. The end is told twice: as an error
// frame, and in the close frame, whose reason is {"code":"overrun","cursor":"42"}.
//
//   1000  the client closed            1002, 1003, 1007, 1009  the client broke the protocol
//   1001  draining: go on elsewhere    1008  a command that is none, or too many messages; or the
//                                            credentials have ended: sign in again
//   1011  fault, or no pong            1013  overrun: too slow; unavailable: the log is away

#include "node/http/handlers/feed_course.hpp"
#include "node/http/web_socket.hpp"

#include <deque>

namespace sealstream::http {

class FeedSocket final : public Upgrade {
public:
    struct Start {
        FeedFraming framing{FeedFraming::socket};
        FeedWish wish{};
        std::optional<std::size_t> credit{}; // events
        Pieces first{};                      // sent before everything else
    };
    FeedSocket(Services& services, Start start);

    [[nodiscard]] Task<void> run(Duplex& duplex) override;

private:
    struct Closing {
        CloseCode code;
        std::string_view word; // for the reason
    };

    [[nodiscard]] Task<void> speak(Duplex& duplex);
    [[nodiscard]] Task<void> listen(Duplex& duplex);
    void hear(const SocketMessage& message);
    [[nodiscard]] bool obey(std::string_view command);
    void close(CloseCode code, std::string_view word);
    [[nodiscard]] std::size_t room() const;
    void add_control_frames(Pieces& to);
    [[nodiscard]] bool is_over_rate();

    Services& services_;
    FeedCourse course_;
    Pieces first_;
    std::optional<std::size_t> credit_;
    std::deque<Position> unacknowledged_; // at most credit_ of them
    std::optional<std::string> pong_;     // owed to the last ping
    std::optional<Closing> closing_;
    Monotonic pinged_;
    Monotonic rate_since_{};
    std::size_t messages_{0}; // since then
    bool is_heard_{true};     // since the last ping
    bool is_gone_{false};
};

} // namespace sealstream::http
