#pragma once

// Whether the caller of an answer that lasts is still who it was when the answer began. Asked
// before each step; nothing that comes after the end is handed out.

#include "node/http/services.hpp"

namespace sealstream::http {

class CallerWatch {
public:
    // `caller` is somebody: the one of the request.
    CallerWatch(const Services& services, security::CallerPtr caller);

    [[nodiscard]] std::optional<security::Lapse> lapse() const;
    // `wait`, or less when the credentials expire before.
    [[nodiscard]] std::chrono::milliseconds at_most(std::chrono::milliseconds wait) const;

private:
    const Services& services_;
    security::CallerPtr caller_;
};

} // namespace sealstream::http
