#include "jetstream/append_flight.hpp"

#include "jetstream/check_carrier.hpp"

namespace sealstream::jetstream {

namespace {

constexpr std::size_t record_bytes_beside = 300; // of a record, beside data and meta; about

} // namespace

std::vector<StreamName> Appender::Operation::streams() const
{
    std::vector<StreamName> names;
    names.reserve(request.appends.size() + request.checks.size());
    for (const StreamAppend& append : request.appends) {
        names.push_back(append.stream);
    }
    for (const StreamCheck& check : request.checks) {
        names.push_back(check.stream);
    }
    return names;
}

const Expected& Appender::Operation::expected_at(std::size_t stream) const
{
    const std::size_t appends = request.appends.size();
    return stream < appends ? request.appends[stream].expected
                            : request.checks[stream - appends].expected;
}

std::vector<StreamName> Appender::Flight::streams() const
{
    std::vector<StreamName> names;
    names.reserve(touched.size());
    for (const Touched& one : touched) {
        names.push_back(one.stream);
    }
    return names;
}

Appender::Flight::Touched& Appender::Flight::touch(const StreamName& stream, const StreamHead& head)
{
    const auto [place, is_new] = places.try_emplace(stream, touched.size());
    if (is_new) {
        touched.push_back({stream, head, head.position});
    }
    return touched[place->second];
}

void Appender::Flight::add(const OperationPtr& operation, const StreamAppend& append,
                           StreamHead head, bool is_chained)
{
    Touched& stream = touch(append.stream, head);
    stream.is_pinned = true;
    if (!stream.first) {
        stream.first = items.size();
    }
    for (Event& event : seal(append, head, is_chained)) {
        bytes += event.draft.data.size() + event.draft.meta.size() + record_bytes_beside;
        items.push_back({operation.get(), std::move(event)});
    }
    stream.head = head;
}

void Appender::Flight::check(const StreamCheck& wanted, const StreamHead& head)
{
    // A log never loses an event, so a stream that is there stays there.
    const bool holds_for_ever = wanted.expected.kind == Expected::Kind::present;
    Touched& stream = touch(wanted.stream, head);
    stream.is_pinned = stream.is_pinned || !holds_for_ever;
}

std::vector<const Appender::Flight::Touched*>
Appender::Flight::place_conditions(const ChainPolicy& chain)
{
    std::vector<const Touched*> carried(items.size(), nullptr);
    for (const Touched& stream : touched) {
        if (stream.first) {
            carried[*stream.first] = &stream;
        }
    }
    std::size_t next = 0;
    for (const Touched& stream : touched) {
        if (stream.first || !stream.is_pinned) {
            continue;
        }
        while (next < carried.size() && carried[next] != nullptr) {
            ++next;
        }
        if (next == carried.size()) {
            items.push_back({nullptr, check_carrier(items.front().event, stream.stream,
                                                    stream.head.version, chain)});
            carried.push_back(nullptr);
        }
        carried[next] = &stream;
    }
    return carried;
}

} // namespace sealstream::jetstream
