#pragma once

// Rows in PostgreSQL's binary COPY format (PostgreSQL manual, COPY, "Binary Format"), built in one
// buffer. For `COPY t (columns…) FROM STDIN (FORMAT binary)`: the field calls must match the
// columns in number and type. Pure; binary spares both sides all escaping and parsing of numbers.

#include "core/base/bytes.hpp"
#include "core/event/event_id.hpp"

#include <string>

namespace sealstream {

class CopyBuffer {
public:
    explicit CopyBuffer(std::size_t columns, std::size_t reserve_bytes = 0);

    void begin_row();
    void add_null();
    void add_integer(std::int32_t value);
    void add_bigint(std::uint64_t value);
    void add_bigint(std::int64_t value);
    void add_boolean(bool value);
    void add_text(std::string_view value); // no NUL inside
    void add_bytes(ByteView value);
    void add_uuid(const EventId& id);
    void add_jsonb(std::string_view json);
    void add_timestamp(WallTime time); // timestamptz, whole microseconds, rounded down
    // text[]: then exactly `elements` add_text() calls, then end_array().
    void begin_text_array(std::size_t elements);
    void end_array();

    // Ends the data; nothing may be added afterwards.
    [[nodiscard]] ByteView finish();
    [[nodiscard]] std::size_t size() const noexcept { return buffer_.size(); }
    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }

private:
    template <class Integer>
    void put(Integer value);

    std::string buffer_;
    std::size_t columns_;
    std::size_t rows_{0};
    std::size_t array_at_{0}; // where the open array's size field stands
};

} // namespace sealstream
