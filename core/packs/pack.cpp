#include "core/packs/pack.hpp"

#include <algorithm>

namespace sealstream {

namespace {

template <class Part>
const Part* find_named(const std::vector<Part>& parts, std::string_view wanted)
{
    const auto found = std::find_if(parts.begin(), parts.end(),
                                    [wanted](const Part& part) { return part.name == wanted; });
    return found == parts.end() ? nullptr : &*found;
}

} // namespace

const PackStreamType* Pack::stream_type(std::string_view wanted) const noexcept
{
    return find_named(stream_types, wanted);
}

const PackEventType* Pack::event_type(std::string_view wanted) const noexcept
{
    return find_named(event_types, wanted);
}

std::string projection_name(std::string_view pack, std::string_view projection)
{
    std::string all{pack};
    return pack == projection ? all : all + "_" + std::string{projection};
}

} // namespace sealstream
