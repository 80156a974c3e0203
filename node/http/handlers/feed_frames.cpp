#include "node/http/handlers/feed_frames.hpp"

#include "node/feeds/text_frame.hpp"

namespace sealstream::http {

namespace {

struct MarkRow {
    std::string_view name;   // of the frame for server-sent events
    std::string_view code;   // of an error
    std::string_view detail; // what to do
    bool is_retryable;
    bool is_comment; // to EventSource: moves its Last-Event-ID and dispatches nothing
    FeedEnd end;
};

constexpr std::string_view sign_in_again = "Sign in again, and connect again from the cursor.";

MarkRow row_of(FeedMark mark)
{
    switch (mark) {
    case FeedMark::caught_up:
        return {"caught-up", "", "", true, false, FeedEnd::client};
    case FeedMark::heartbeat:
        return {"heartbeat", "", "", true, true, FeedEnd::client};
    case FeedMark::overrun:
        return {"overrun", "overrun", "Read faster, or connect again from the cursor.",
                true,      false,     FeedEnd::slow};
    case FeedMark::draining:
        return {"draining", "draining", "This node stops: connect again from the cursor.",
                true,       true,       FeedEnd::drain};
    case FeedMark::away:
        return {"unavailable",
                "unavailable",
                "The log does not answer: connect again from the cursor, later.",
                true,
                true,
                FeedEnd::error};
    case FeedMark::token_expired:
        return {"token-expired", "token_expired", sign_in_again, true, false, FeedEnd::access};
    case FeedMark::key_withdrawn:
        return {"key-withdrawn", "key_withdrawn", sign_in_again, true, false, FeedEnd::access};
    case FeedMark::certificate_expired:
        return {"certificate-expired", "certificate_expired", sign_in_again, true, false,
                FeedEnd::access};
    case FeedMark::fault:
        break;
    }
    return {"fault", "corrupt", "The log contradicts itself: tell an operator.",
            false,   false,     FeedEnd::error};
}

std::string sse_text(const MarkRow& row, const std::string& cursor)
{
    if (row.is_comment) {
        return ": " + std::string{row.name} + "\nid: " + cursor + "\n\n";
    }
    return "id: " + cursor + "\nevent: " + std::string{row.name} + "\ndata: {\"position\":\"" +
           cursor + "\"}\n\n";
}

std::string line_text(const MarkRow& row, const std::string& cursor)
{
    std::string text{R"({"type":")"};
    text.append(row.code.empty() ? row.name : "error").append(R"(","cursor":")").append(cursor);
    if (row.code.empty()) {
        return text.append("\"}");
    }
    text.append(R"(","code":")").append(row.code).append(R"(","retryable":)");
    text.append(row.is_retryable ? "true" : "false").append(R"(,"detail":")").append(row.detail);
    return text.append("\"}");
}

} // namespace

FeedMark mark_of(security::Lapse lapse)
{
    switch (lapse) {
    case security::Lapse::certificate_expired:
        return FeedMark::certificate_expired;
    case security::Lapse::token_expired:
        return FeedMark::token_expired;
    case security::Lapse::key_withdrawn:
        break;
    }
    return FeedMark::key_withdrawn;
}

FeedForm form_of(FeedFraming framing, EventFormat format)
{
    const bool is_cloud = format == EventFormat::cloudevents;
    switch (framing) {
    case FeedFraming::sse:
        return is_cloud ? FeedForm::sse_cloud : FeedForm::sse;
    case FeedFraming::lines:
        return is_cloud ? FeedForm::line_cloud : FeedForm::line;
    case FeedFraming::socket:
        return is_cloud ? FeedForm::socket_cloud : FeedForm::socket;
    case FeedFraming::aggregate:
        break;
    }
    return FeedForm::aggregate;
}

Transport transport_of(FeedFraming framing)
{
    switch (framing) {
    case FeedFraming::sse:
        return Transport::sse;
    case FeedFraming::lines:
        return Transport::ndjson;
    case FeedFraming::socket:
    case FeedFraming::aggregate:
        break;
    }
    return Transport::websocket;
}

std::string mark_text(FeedFraming framing, FeedMark mark, Position cursor)
{
    const MarkRow row = row_of(mark);
    const auto place = std::to_string(cursor.value);
    switch (framing) {
    case FeedFraming::sse:
        return sse_text(row, place);
    case FeedFraming::lines:
        return line_text(row, place) + '\n';
    case FeedFraming::aggregate:
        return {};
    case FeedFraming::socket:
        break;
    }
    std::string frame;
    append_socket_frame(frame, text_opcode, line_text(row, place));
    return frame;
}

bool is_end(FeedMark mark)
{
    return mark != FeedMark::caught_up && mark != FeedMark::heartbeat;
}

FeedEnd end_of(FeedMark mark)
{
    return row_of(mark).end;
}

std::string_view code_of(FeedMark mark)
{
    return row_of(mark).code;
}

} // namespace sealstream::http
