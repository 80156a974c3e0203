#include "node/security/tls_certificates.hpp"

#include <sys/stat.h>

namespace sealstream::security {

TlsCertificates::Stamp TlsCertificates::stamp_of(const std::filesystem::path& file) noexcept
{
    struct stat found {};
    if (file.empty() || ::stat(file.c_str(), &found) != 0) {
        return {};
    }
    return {found.st_dev, found.st_ino, found.st_size,
            std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec};
}

TlsCertificates::Stamps TlsCertificates::stamps_of(const TlsOptions& options) noexcept
{
    return {stamp_of(options.certificate_file), stamp_of(options.key_file),
            stamp_of(options.client_ca_file)};
}

Result<std::unique_ptr<TlsCertificates>> TlsCertificates::load(TlsOptions options)
{
    // Before the files are read: a change in between is seen the next time.
    const Stamps stamps = stamps_of(options);
    SEAL_TRY(context, TlsContext::load(options));
    return std::unique_ptr<TlsCertificates>{
        new TlsCertificates{std::move(options), std::move(context), stamps}};
}

Result<bool> TlsCertificates::refresh(bool is_forced)
{
    const Stamps stamps = stamps_of(options_);
    if (!is_forced && stamps == stamps_) {
        return false;
    }
    stamps_ = stamps;
    SEAL_TRY(context, TlsContext::load(options_));
    current_ = std::move(context);
    return true;
}

} // namespace sealstream::security
