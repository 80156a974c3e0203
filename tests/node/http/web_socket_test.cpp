// The frames of WebSocket, and every way to get them wrong.

#include "node/feeds/text_frame.hpp"
#include "node/http/web_socket.hpp"
#include "tests/node/http/socket_bytes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

using namespace sealstream;
using namespace sealstream::testing;
using http::SocketOpcode;

namespace {

constexpr std::size_t bytes_max = 1000;

struct Heard {
    std::vector<std::string> messages; // "<opcode>:<payload>"
    std::optional<Errc> fault;
};

Heard hear(std::string_view bytes, std::size_t piece)
{
    http::SocketReader reader{bytes_max};
    Heard heard;
    for (; !bytes.empty() && !heard.fault; bytes.remove_prefix(std::min(piece, bytes.size()))) {
        reader.put(bytes.substr(0, piece));
        for (bool goes_on = true; goes_on;) {
            const auto message = reader.next();
            goes_on = message && *message;
            if (!message) {
                heard.fault = message.error().code;
            } else if (*message) {
                heard.messages.push_back(std::to_string(static_cast<int>((*message)->opcode)) +
                                         ":" + (*message)->payload);
            }
        }
    }
    return heard;
}

} // namespace

TEST_CASE("messages come out as they went in, however they are cut", "[http][websocket][property]")
{
    auto random = random_generator(31);
    for (int round = 0; round < 200; ++round) {
        std::string bytes;
        std::vector<std::string> expected;
        for (auto left = 1 + random() % 5; left > 0; --left) {
            std::string payload(random() % 300, 'x');
            expected.push_back("1:" + payload);
            // In up to four frames, with a ping between each.
            bool is_first = true;
            do {
                const std::size_t size =
                    random() % 3 == 0 ? payload.size() : random() % (payload.size() + 1);
                const bool is_final = size == payload.size();
                bytes += client_frame(is_first ? 0x1 : 0x0, payload.substr(0, size), is_final);
                payload.erase(0, size);
                is_first = false;
                if (!is_final) {
                    bytes += client_frame(0x9, "p");
                    expected.insert(expected.end() - 1, "9:p");
                } else {
                    break;
                }
            } while (true);
        }
        const std::size_t piece = 1 + random() % 40;
        CAPTURE(round, piece);

        const auto heard = hear(bytes, piece);

        REQUIRE(!heard.fault);
        REQUIRE(heard.messages == expected);
    }
}

TEST_CASE("what is not exactly right ends the connection with its own code", "[http][websocket]")
{
    struct Row {
        const char* what;
        std::string bytes;
        Errc code;
    };
    std::string long_form = client_frame(0x1, "x");
    long_form[1] = static_cast<char>(0xfe); // two bytes of length for a length of one
    long_form.insert(2, std::string{'\0', '\1'});
    std::string huge{"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\1\2\3\4", 14};
    const std::vector<Row> rows{
        {"no mask", std::string{"\x81\x01x", 3}, Errc::malformed},
        {"a reserved bit", std::string{"\xc1\x81\0\0\0\0x", 7}, Errc::malformed},
        {"a reserved opcode", client_frame(0x3, "x"), Errc::malformed},
        {"a reserved control opcode", client_frame(0xb, "x"), Errc::malformed},
        {"a continuation of nothing", client_frame(0x0, "x"), Errc::malformed},
        {"a message within a message", client_frame(0x1, "a", false) + client_frame(0x1, "b"),
         Errc::malformed},
        {"a long ping", client_frame(0x9, std::string(126, 'p')), Errc::malformed},
        {"a ping in pieces", client_frame(0x9, "p", false), Errc::malformed},
        {"a length that is not the shortest", long_form, Errc::malformed},
        {"a close frame with half a code", client_frame(0x8, "x"), Errc::malformed},
        {"a close frame with a reserved code", client_frame(0x8, "\x03\xed"), Errc::malformed},
        {"a close reason that is not UTF-8", client_frame(0x8, "\x03\xe8\xff"), Errc::invalid_utf8},
        {"text that is not UTF-8", client_frame(0x1, "\xc3\x28"), Errc::invalid_utf8},
        {"an overlong encoding", client_frame(0x1, "\xc0\xaf"), Errc::invalid_utf8},
        {"a surrogate", client_frame(0x1, "\xed\xa0\x80"), Errc::invalid_utf8},
        {"a large message", client_frame(0x1, std::string(bytes_max + 1, 'x')), Errc::too_large},
        {"a message that grows large",
         client_frame(0x1, std::string(bytes_max, 'x'), false) + client_frame(0x0, "x"),
         Errc::too_large},
        {"a length of exabytes", huge, Errc::too_large},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        const auto heard = hear(row.bytes, 3);
        REQUIRE(heard.fault.has_value());
        CHECK(*heard.fault == row.code);
    }
}

TEST_CASE("the neighbours of what is refused are heard", "[http][websocket]")
{
    const std::string most(bytes_max, 'x');
    CHECK(hear(client_frame(0x1, most), 100).messages == std::vector<std::string>{"1:" + most});
    CHECK(hear(client_frame(0x9, std::string(125, 'p')), 7).messages.size() == 1);
    CHECK(hear(client_frame(0x8, ""), 1).messages == std::vector<std::string>{"8:"});
    CHECK(hear(client_frame(0x8, "\x03\xe8"
                                 "bye"),
               1)
              .messages.size() == 1);
    // UTF-8 that is whole only when its pieces are together.
    CHECK(hear(client_frame(0x1, "\xe2\x82", false) + client_frame(0x0, "\xac"), 2).messages ==
          std::vector<std::string>{"1:\xe2\x82\xac"});
}

TEST_CASE("a server's frames have the shortest length and no mask", "[http][websocket]")
{
    struct Row {
        std::size_t size;
        std::string head;
    };
    for (const Row& row : {Row{0, std::string{"\x81\x00", 2}}, Row{125, std::string{"\x81\x7d", 2}},
                           Row{126, std::string{"\x81\x7e\x00\x7e", 4}},
                           Row{65535, std::string{"\x81\x7e\xff\xff", 4}},
                           Row{65536, std::string{"\x81\x7f\0\0\0\0\0\1\0\0", 10}}}) {
        std::string frame;
        append_socket_frame(frame, text_opcode, std::string(row.size, 'x'));
        CHECK(frame.substr(0, row.head.size()) == row.head);
        CHECK(frame.size() == row.head.size() + row.size);
    }
    std::string close;
    http::append_close_frame(close, http::CloseCode::going_away, std::string(200, 'r'));
    CHECK(close.size() == 2 + 125);
    CHECK(close.substr(0, 4) == std::string{"\x88\x7d\x03\xe9", 4});
}
