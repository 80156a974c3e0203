#include "core/event/cbor.hpp"
#include "tests/fuzz/record_fuzz.hpp"

namespace {

using namespace sealstream;

// The items alone, without the frame and the digest that a mutation rarely gets right.
void check_item(ByteView bytes)
{
    CborReader reader{bytes};
    const auto value = reader.value();
    if (value) {
        Bytes encoded;
        append_cbor_value(encoded, *value);
        SEAL_CHECK(as_text(encoded) == as_text(bytes.first(reader.offset())),
                   "an accepted item encodes to the same bytes");
    }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const ByteView bytes = fuzz::bytes_of(data, size);
    fuzz::check_record(bytes, CodecKind::deterministic_cbor);
    check_item(bytes);
    return 0;
}
