// A million events, read by subscribers who come and go over whichever transport: each event that
// fits reaches each of them once and in order, and no cursor ever passes one that has not been
// delivered.

#include "node/feeds/feed_hub.hpp"
#include "node/http/admission.hpp"
#include "node/http/dispatch.hpp"
#include "tests/node/http/socket_bytes.hpp"
#include "tests/node/http/synthetic_log.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/seed.hpp"

#include <prometheus/registry.h>

#include <charconv>

using namespace sealstream;
using namespace sealstream::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t total = 1'000'000;
constexpr std::uint64_t history = 150'000; // in the log before anybody reads
constexpr std::uint64_t period = SyntheticEventLog::period;
constexpr std::uint64_t lead =
    12'000; // the log runs so far ahead of the slowest: more than the ring

enum class Way : std::uint8_t { sse, lines, socket, socket_with_credit, long_poll };
constexpr std::size_t way_count = 5;

struct World {
    World()
    {
        feeds.start(tasks);
        services.feed_options.heartbeat = 20ms;
        services.feed_options.batch_events_max = 700;
    }
    ~World()
    {
        feeds.close();
        run_task(context, tasks.wait_idle(5s));
    }
    static FeedHubOptions small_ring()
    {
        FeedHubOptions options;
        options.ring_bytes_max = 16 << 20; // some six thousand of these events
        options.linger = 5ms;
        return options;
    }

    boost::asio::io_context context{1};
    SystemClock clock;
    EventIdSource ids{clock};
    SyntheticEventLog log{context.get_executor()};
    SyntheticIndex index{log};
    FeedHub feeds{context.get_executor(), log, small_ring()};
    prometheus::Registry registry;
    http::HttpMetrics metrics{registry, http::route_labels()};
    http::Health health;
    Stop stop{context.get_executor()};
    TaskGroup tasks{context.get_executor()};
    http::Services services{log,     &index, nullptr, clock, ids, feeds,
                            metrics, health, stop,    tasks, {},  http::FeedOptions{}};
};

struct Reader {
    std::string query; // "" or "&type=…"
    std::uint64_t first{1};
    std::uint64_t step{1}; // every so many positions one fits, from `first` on
    std::mt19937_64 random{};

    std::uint64_t cursor{0};
    std::uint64_t events{0};
    std::uint64_t wrong{0};
    std::array<std::uint64_t, way_count> connections{};
    std::uint64_t overruns{0};
    std::uint64_t outages{0};

    [[nodiscard]] std::uint64_t next_fit() const
    {
        return cursor < first ? first : first + ((cursor - first) / step + 1) * step;
    }
    void see_event(std::uint64_t position)
    {
        wrong += position == next_fit() ? 0U : 1U;
        cursor = position;
        ++events;
    }
    void see_mark(std::uint64_t position)
    {
        wrong += position >= cursor && position < next_fit() ? 0U : 1U;
        cursor = std::max(cursor, position);
    }
    // Writes that it waits for before it goes away; who sees little goes sooner.
    [[nodiscard]] std::uint64_t stay() { return 1 + random() % (step == 1 ? 200 : 20); }
    [[nodiscard]] bool chance(std::uint64_t of) { return random() % of == 0; }
};

std::uint64_t number_at(std::string_view text)
{
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

bool begins(std::string_view text, std::string_view with)
{
    return text.substr(0, with.size()) == with;
}

// One whole frame of server-sent events, as EventSource sees it: an id counts when the frame is
// whole.
void take_sse(Reader& reader, std::string_view frame)
{
    const auto id = frame.find("id: ");
    if (id == std::string_view::npos) {
        return; // retry
    }
    const auto position = number_at(frame.substr(id + 4));
    reader.overruns += frame.find("event: overrun\n") != std::string_view::npos ? 1U : 0U;
    reader.outages += begins(frame, ": unavailable") ? 1U : 0U;
    if (frame.find("\",\"id\":\"") != std::string_view::npos) {
        reader.see_event(position);
    } else {
        reader.see_mark(position);
    }
}

void take_line(Reader& reader, std::string_view line)
{
    constexpr std::string_view mark = "\"cursor\":\"";
    const auto position = number_at(line.substr(line.find(mark) + mark.size()));
    if (begins(line, "{\"type\":\"event\"")) {
        reader.see_event(position);
        return;
    }
    reader.overruns += line.find("\"code\":\"overrun\"") != std::string_view::npos ? 1U : 0U;
    reader.outages += line.find("\"code\":\"unavailable\"") != std::string_view::npos ? 1U : 0U;
    reader.see_mark(position);
}

// Hands over whole frames; what is left when the connection breaks is lost, as on a network.
void take_frames(Reader& reader, Way way, std::string& text)
{
    std::size_t done = 0;
    const std::string_view end = way == Way::sse ? "\n\n" : "\n";
    for (auto at = text.find(end); at != std::string::npos; at = text.find(end, done)) {
        const auto frame = std::string_view{text}.substr(done, at - done);
        if (way == Way::sse) {
            take_sse(reader, frame);
        } else {
            take_line(reader, frame);
        }
        done = at + end.size();
    }
    text.erase(0, done);
}

std::size_t take_messages(Reader& reader, std::string& bytes)
{
    std::size_t events = 0;
    std::string rest = std::move(bytes);
    bytes.clear();
    while (auto frame = take_server_frame(rest)) {
        if (frame->opcode == 0x1) {
            take_line(reader, frame->payload);
            ++events;
        }
    }
    bytes = std::move(rest);
    return events;
}

constexpr std::string_view any{}; // no Accept

Task<http::Response> ask(World* world, std::string target, std::string_view accept, bool is_socket)
{
    http::RequestHead head;
    head.verb = http::Verb::get;
    head.set_target(target);
    head.add_field("host", "localhost");
    if (!accept.empty()) {
        head.add_field("accept", accept);
    }
    if (is_socket) {
        head.add_field("upgrade", "websocket");
        head.add_field("connection", "upgrade");
        head.add_field("sec-websocket-version", "13");
        head.add_field("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    }
    http::RequestContext request{head, world->services};
    request.is_local = true;
    const auto found = http::find_route(request, http::Surface::clients);
    SEAL_CHECK(found.status == 0 && http::admit(request), "the routes are there, and open");
    co_return co_await http::dispatch(request);
}

std::string feed_target(const Reader& reader)
{
    return "/v1/feed?after=" + std::to_string(reader.cursor) + reader.query;
}

Task<void> read_body(World* world, Reader* reader, Way way)
{
    const auto* const accept = way == Way::sse ? "text/event-stream" : "application/x-ndjson";
    auto response = co_await ask(world, feed_target(*reader), accept, false);
    if (!response.stream) {
        ++reader->outages; // the log was away when its head was asked for
        co_return;
    }
    std::string text;
    for (auto left = reader->stay(); left > 0 && reader->cursor < total; --left) {
        const auto pieces = co_await response.stream->next_pieces();
        SEAL_CHECK(pieces.has_value(), "a feed ends with a frame");
        if (pieces->empty()) {
            break;
        }
        for (const auto& piece : *pieces) {
            text.append(*piece);
        }
        if (left == 1) {
            text.resize(reader->random() % (text.size() + 1)); // broken in the middle of a frame
        }
        take_frames(*reader, way, text);
    }
}

// The client's end of a WebSocket, in memory.
class Wire final : public http::Duplex {
public:
    Wire(World& world, Reader& reader, bool acknowledges)
        : reader_{reader},
          said_{world.context.get_executor()},
          acknowledges_{acknowledges},
          left_{reader.stay()}
    {
    }
    Task<bool> receive(std::string& to) override
    {
        while (owed_.empty() && !is_over_) {
            co_await said_.wait_for(1h);
        }
        to.append(std::exchange(owed_, {}));
        co_return !is_over_;
    }
    Task<bool> send(http::Pieces pieces) override
    {
        std::string bytes = std::move(rest_);
        for (const auto& piece : pieces) {
            bytes.append(*piece);
        }
        const bool is_last = --left_ == 0 || reader_.cursor >= total;
        if (is_last) {
            bytes.resize(reader_.random() % (bytes.size() + 1));
        }
        const std::size_t messages = take_messages(reader_, bytes);
        rest_ = std::move(bytes);
        if (acknowledges_ && messages != 0) {
            owed_ += client_frame(0x1, "{\"type\":\"ack\",\"cursor\":\"" +
                                           std::to_string(reader_.cursor) + "\"}");
            said_.notify_all();
        }
        co_return !is_last;
    }
    [[nodiscard]] bool is_too_slow() const noexcept override { return false; }
    void stop_receiving() noexcept override
    {
        is_over_ = true;
        said_.notify_all();
    }

private:
    Reader& reader_;
    Notifier said_;
    std::string owed_;
    std::string rest_;
    bool acknowledges_;
    bool is_over_{false};
    std::uint64_t left_;
};

Task<void> read_socket(World* world, Reader* reader, bool has_credit)
{
    auto target = feed_target(*reader);
    if (has_credit) {
        target += "&credit=" + std::to_string(1 + reader->random() % 2000);
    }
    auto response = co_await ask(world, target, any, true);
    if (!response.upgrade) {
        ++reader->outages;
        co_return;
    }
    Wire wire{*world, *reader, has_credit};
    co_await response.upgrade->run(wire);
}

Task<void> read_page(World* world, Reader* reader)
{
    const std::string target =
        "/events?limit=1000&wait=1&since=" + std::to_string(reader->cursor) + reader->query;
    const auto response = co_await ask(world, target, any, false);
    reader->outages += response.status == 503 ? 1U : 0U;
    if (response.status != 200 || reader->chance(8)) {
        co_return; // away, or the answer was lost
    }
    constexpr std::string_view mark = "{\"position\":\"";
    constexpr std::string_view next = "],\"next\":\"";
    const std::string_view body = response.body;
    for (auto at = body.find(mark); at != std::string_view::npos; at = body.find(mark, at + 1)) {
        reader->see_event(number_at(body.substr(at + mark.size())));
    }
    reader->see_mark(number_at(body.substr(body.rfind(next) + next.size())));
}

Task<void> read_all(World* world, Reader* reader)
{
    while (reader->cursor < total) {
        const auto way = static_cast<Way>(reader->random() % way_count);
        ++reader->connections[static_cast<std::size_t>(way)];
        if (way == Way::long_poll) {
            co_await read_page(world, reader);
        } else if (way == Way::sse || way == Way::lines) {
            co_await read_body(world, reader, way);
        } else {
            co_await read_socket(world, reader, way == Way::socket_with_credit);
        }
        if (reader->next_fit() > total && world->log.grown().value == total) {
            reader->cursor = total; // nothing is left that fits
        }
    }
}

Task<void> grow(World* world, std::vector<Reader>* readers, std::mt19937_64 random)
{
    std::uint64_t head = history;
    world->log.grow_to(head);
    while (head < total) {
        std::uint64_t slowest = total;
        for (const Reader& reader : *readers) {
            slowest = std::min(slowest, reader.step == 1 ? reader.cursor : total);
        }
        if (head < slowest + lead) {
            head = std::min(total, head + 1 + random() % 3000);
            world->log.grow_to(head);
            world->index.lag = random() % 5000;
            if (random() % 40 == 0) {
                world->log.go_away(1 + random() % 30);
            }
        }
        const std::chrono::microseconds moment{random() % 300};
        co_await world->stop.sleep_for(moment);
    }
}

} // namespace

TEST_CASE("a million events reach everybody once, whoever disconnects and however they come back",
          "[http][feeds][property]")
{
    World world;
    auto random = random_generator(51);
    std::vector<Reader> readers(4);
    readers[2].query = "&type=rare.*";
    readers[2].first = readers[2].step = period;
    readers[3].query = "&stream=load/0&type=rare.tick"; // in the hub's table by stream
    readers[3].first = readers[3].step = period;
    for (Reader& reader : readers) {
        reader.random.seed(random());
    }

    TaskGroup group{world.context.get_executor()};
    for (Reader& reader : readers) {
        group.spawn("reader", read_all(&world, &reader));
    }
    group.spawn("writer", grow(&world, &readers, random));
    REQUIRE(run_task(world.context, group.wait_idle(580s)) == 0);

    std::uint64_t overruns = 0;
    std::uint64_t outages = 0;
    for (const Reader& reader : readers) {
        CHECK(reader.wrong == 0);
        CHECK(reader.events == (reader.step == 1 ? total : total / period));
        for (const auto connections : reader.connections) {
            CHECK(connections > (reader.step == 1 ? 3U : 0U));
        }
        overruns += reader.overruns;
        outages += reader.outages;
    }
    CHECK(overruns > 0); // or the ring has never been too small
    CHECK(outages > 0);
    CHECK(world.index.queries > 0);
}
