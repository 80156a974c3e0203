#include "tests/fuzz/record_fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace sealstream;
    fuzz::check_record(fuzz::bytes_of(data, size), CodecKind::canonical_json);
    return 0;
}
