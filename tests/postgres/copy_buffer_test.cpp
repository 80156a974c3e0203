// The binary COPY format, byte by byte as the manual has it.

#include "core/base/encoding.hpp"
#include "postgres/copy_buffer.hpp"
#include "tests/support/catch.hpp"

namespace sealstream {

namespace {

constexpr const char* header = "5047434f50590aff0d0a00" // signature
                               "00000000"               // flags
                               "00000000";              // extension
constexpr const char* trailer = "ffff";

std::string row(const std::string& fields_hex)
{
    return std::string{header} + "0001" + fields_hex + trailer;
}

} // namespace

TEST_CASE("no rows are a header and a trailer", "[postgres]")
{
    CopyBuffer rows{3};
    CHECK(to_hex(rows.finish()) == std::string{header} + trailer);
    CHECK(rows.rows() == 0);
}

TEST_CASE("each field is its size and its bytes", "[postgres]")
{
    const auto written = [](const auto& add) {
        CopyBuffer rows{1};
        rows.begin_row();
        add(rows);
        return to_hex(rows.finish());
    };
    CHECK(written([](CopyBuffer& to) { to.add_null(); }) == row("ffffffff"));
    CHECK(written([](CopyBuffer& to) { to.add_integer(-2); }) == row("00000004fffffffe"));
    CHECK(written([](CopyBuffer& to) { to.add_bigint(std::uint64_t{258}); }) ==
          row("000000080000000000000102"));
    CHECK(written([](CopyBuffer& to) { to.add_bigint(std::int64_t{-1}); }) ==
          row("00000008ffffffffffffffff"));
    CHECK(written([](CopyBuffer& to) { to.add_boolean(true); }) == row("0000000101"));
    CHECK(written([](CopyBuffer& to) { to.add_text("h\xc3\xa9"); }) == row("0000000368c3a9"));
    CHECK(written([](CopyBuffer& to) { to.add_text(""); }) == row("00000000"));
    CHECK(written([](CopyBuffer& to) { to.add_jsonb("{}"); }) == row("00000003017b7d"));
}

TEST_CASE("times count microseconds from 2000, rounded down", "[postgres]")
{
    const auto micros = [](std::int64_t nanoseconds) {
        CopyBuffer rows{1};
        rows.begin_row();
        rows.add_timestamp(WallTime{nanoseconds});
        const auto bytes = to_bytes(rows.finish());
        return static_cast<std::int64_t>(
            read_big_endian<std::uint64_t>(ByteView{bytes}.subspan(19 + 2 + 4, 8)));
    };
    constexpr std::int64_t year_2000 = 946'684'800'000'000'000;
    CHECK(micros(year_2000) == 0);
    CHECK(micros(year_2000 + 1'999) == 1);
    CHECK(micros(year_2000 - 1) == -1);
    CHECK(micros(-1) == -946'684'800'000'001);
    CHECK(micros(0) == -946'684'800'000'000);
}

TEST_CASE("arrays of text have a size, a dimension and elements", "[postgres]")
{
    CopyBuffer two{1};
    two.begin_row();
    two.begin_text_array(2);
    two.add_text("a");
    two.add_text("bc");
    two.end_array();
    CHECK(to_hex(two.finish()) == row("0000001f"         // size
                                      "0000000100000000" // one dimension, no nulls
                                      "00000019"         // of text
                                      "0000000200000001" // two elements, from 1
                                      "0000000161000000026263"));
    CopyBuffer none{1};
    none.begin_row();
    none.begin_text_array(0);
    none.end_array();
    CHECK(to_hex(none.finish()) == row("0000000c000000000000000000000019"));
}

} // namespace sealstream
