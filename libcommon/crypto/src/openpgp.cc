#include "weir/crypto/openpgp.h"

#include <dlfcn.h>
#include <rnp/rnp.h>
#include <rnp/rnp_err.h>

#include <cstdint>
#include <memory>
#include <type_traits>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/base/status.h"

namespace weir::crypto {
namespace {

constexpr size_t kMaxBytes = 4u << 20;
constexpr char kBegin[] = "-----BEGIN PGP SIGNED MESSAGE-----";

// The functions of librnp that are used, found when they are first needed: who
// verifies nothing does not load it, nor what it is linked to.
struct Rnp {
  decltype(&rnp_ffi_create) ffi_create;
  decltype(&rnp_ffi_destroy) ffi_destroy;
  decltype(&rnp_ffi_set_log_fd) ffi_set_log_fd;
  decltype(&rnp_load_keys) load_keys;
  decltype(&rnp_get_public_key_count) get_public_key_count;
  decltype(&rnp_get_secret_key_count) get_secret_key_count;
  decltype(&rnp_input_from_memory) input_from_memory;
  decltype(&rnp_input_destroy) input_destroy;
  decltype(&rnp_output_to_memory) output_to_memory;
  decltype(&rnp_output_memory_get_buf) output_memory_get_buf;
  decltype(&rnp_output_destroy) output_destroy;
  decltype(&rnp_op_verify_create) op_verify_create;
  decltype(&rnp_op_verify_destroy) op_verify_destroy;
  decltype(&rnp_op_verify_execute) op_verify_execute;
  decltype(&rnp_op_verify_get_signature_count) op_verify_get_signature_count;
  decltype(&rnp_op_verify_get_signature_at) op_verify_get_signature_at;
  decltype(&rnp_op_verify_signature_get_status) signature_get_status;
  decltype(&rnp_op_verify_signature_get_key) signature_get_key;
  decltype(&rnp_key_is_primary) key_is_primary;
  decltype(&rnp_key_get_fprint) key_get_fprint;
  decltype(&rnp_key_get_primary_fprint) key_get_primary_fprint;
  decltype(&rnp_key_handle_destroy) key_handle_destroy;
  decltype(&rnp_buffer_destroy) buffer_destroy;
};

template <typename Function>
bool Find(void* library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(library, name));
  return *function != nullptr;
}

const Rnp* LoadRnp() {
  static const Rnp* const kRnp = []() -> const Rnp* {
    void* library = dlopen("librnp.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return nullptr;
    static Rnp rnp;
    const bool found =
        Find(library, "rnp_ffi_create", &rnp.ffi_create) &&
        Find(library, "rnp_ffi_destroy", &rnp.ffi_destroy) &&
        Find(library, "rnp_ffi_set_log_fd", &rnp.ffi_set_log_fd) &&
        Find(library, "rnp_load_keys", &rnp.load_keys) &&
        Find(library, "rnp_get_public_key_count", &rnp.get_public_key_count) &&
        Find(library, "rnp_get_secret_key_count", &rnp.get_secret_key_count) &&
        Find(library, "rnp_input_from_memory", &rnp.input_from_memory) &&
        Find(library, "rnp_input_destroy", &rnp.input_destroy) &&
        Find(library, "rnp_output_to_memory", &rnp.output_to_memory) &&
        Find(library, "rnp_output_memory_get_buf",
             &rnp.output_memory_get_buf) &&
        Find(library, "rnp_output_destroy", &rnp.output_destroy) &&
        Find(library, "rnp_op_verify_create", &rnp.op_verify_create) &&
        Find(library, "rnp_op_verify_destroy", &rnp.op_verify_destroy) &&
        Find(library, "rnp_op_verify_execute", &rnp.op_verify_execute) &&
        Find(library, "rnp_op_verify_get_signature_count",
             &rnp.op_verify_get_signature_count) &&
        Find(library, "rnp_op_verify_get_signature_at",
             &rnp.op_verify_get_signature_at) &&
        Find(library, "rnp_op_verify_signature_get_status",
             &rnp.signature_get_status) &&
        Find(library, "rnp_op_verify_signature_get_key",
             &rnp.signature_get_key) &&
        Find(library, "rnp_key_is_primary", &rnp.key_is_primary) &&
        Find(library, "rnp_key_get_fprint", &rnp.key_get_fprint) &&
        Find(library, "rnp_key_get_primary_fprint",
             &rnp.key_get_primary_fprint) &&
        Find(library, "rnp_key_handle_destroy", &rnp.key_handle_destroy) &&
        Find(library, "rnp_buffer_destroy", &rnp.buffer_destroy);
    return found ? &rnp : nullptr;
  }();
  return kRnp;
}

// Owns a handle of librnp.
template <typename Handle>
class Owned {
 public:
  using Destroy = rnp_result_t (*)(Handle);
  explicit Owned(Destroy destroy) : destroy_(destroy) {}
  ~Owned() {
    if (handle_ != nullptr) destroy_(handle_);
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  Handle* out() { return &handle_; }
  Handle get() const { return handle_; }

 private:
  const Destroy destroy_;
  Handle handle_ = nullptr;
};

// The checksum of armored data. Source: RFC 4880, 6.1.
std::string ArmorChecksum(absl::string_view bytes) {
  uint32_t crc = 0xB704CE;
  for (const char c : bytes) {
    crc ^= static_cast<uint32_t>(static_cast<unsigned char>(c)) << 16;
    for (int i = 0; i < 8; ++i) {
      crc <<= 1;
      if (crc & 0x1000000) crc ^= 0x1864CFB;
    }
  }
  const char out[] = {static_cast<char>(crc >> 16), static_cast<char>(crc >> 8),
                      static_cast<char>(crc)};
  return absl::Base64Escape(absl::string_view(out, sizeof(out)));
}

// The text with its signature's armor written anew, with the checksum that
// newer programs leave out and librnp 0.16 wants. What is not understood stays
// as it is.
std::string WithChecksum(absl::string_view text) {
  constexpr char kStart[] = "-----BEGIN PGP SIGNATURE-----";
  constexpr char kEnd[] = "-----END PGP SIGNATURE-----";
  const size_t start = text.rfind(kStart);
  const size_t end = text.rfind(kEnd);
  if (start == absl::string_view::npos || end == absl::string_view::npos ||
      end < start) {
    return std::string(text);
  }
  absl::string_view armor =
      text.substr(start + sizeof(kStart) - 1, end - start - sizeof(kStart) + 1);
  std::string encoded;
  bool is_header = true;
  for (absl::string_view line : absl::StrSplit(armor, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (is_header && absl::StrContains(line, ": ")) continue;
    if (line.empty()) continue;
    is_header = false;
    if (line[0] != '=') absl::StrAppend(&encoded, line);
  }
  std::string bytes;
  if (!absl::Base64Unescape(encoded, &bytes)) return std::string(text);
  std::string out = absl::StrCat(text.substr(0, start), kStart, "\n\n");
  for (size_t i = 0; i < encoded.size(); i += 64) {
    absl::StrAppend(&out, encoded.substr(i, 64), "\n");
  }
  return absl::StrCat(out, "=", ArmorChecksum(bytes), "\n", kEnd, "\n");
}

absl::Status LibraryFailed(absl::string_view doing) {
  return absl::InternalError(absl::StrCat("openpgp: ", doing, " failed"));
}

absl::StatusOr<std::string> FingerprintOf(const Rnp& rnp,
                                          rnp_op_verify_signature_t signature) {
  Owned<rnp_key_handle_t> key(rnp.key_handle_destroy);
  if (rnp.signature_get_key(signature, key.out()) != RNP_SUCCESS) {
    return LibraryFailed("finding the key");
  }
  bool is_primary = false;
  char* text = nullptr;
  rnp.key_is_primary(key.get(), &is_primary);
  const rnp_result_t result =
      is_primary ? rnp.key_get_fprint(key.get(), &text)
                 : rnp.key_get_primary_fprint(key.get(), &text);
  if (result != RNP_SUCCESS) return LibraryFailed("naming the key");
  std::string out(text);
  rnp.buffer_destroy(text);
  return out;
}

absl::Status LoadKeys(const Rnp& rnp, rnp_ffi_t ffi,
                      absl::string_view keyring) {
  Owned<rnp_input_t> input(rnp.input_destroy);
  if (keyring.empty()) return absl::OkStatus();
  if (rnp.input_from_memory(input.out(),
                            reinterpret_cast<const uint8_t*>(keyring.data()),
                            keyring.size(), false) != RNP_SUCCESS) {
    return LibraryFailed("reading the keyring");
  }
  const rnp_result_t result =
      rnp.load_keys(ffi, "GPG", input.get(),
                    RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_SECRET_KEYS);
  size_t keys = 0;
  size_t secret_keys = 0;
  rnp.get_public_key_count(ffi, &keys);
  rnp.get_secret_key_count(ffi, &secret_keys);
  if (result == RNP_SUCCESS && keys + secret_keys > 0) return absl::OkStatus();
  return absl::InvalidArgumentError("openpgp: invalid data in the keyring");
}

// The fingerprints of those that are valid.
absl::StatusOr<std::vector<std::string>> ValidSignatures(const Rnp& rnp,
                                                         rnp_op_verify_t op) {
  size_t count = 0;
  rnp.op_verify_get_signature_count(op, &count);
  std::vector<std::string> out;
  bool is_unknown = count > 0;
  for (size_t i = 0; i < count; ++i) {
    rnp_op_verify_signature_t signature = nullptr;
    if (rnp.op_verify_get_signature_at(op, i, &signature) != RNP_SUCCESS) {
      return LibraryFailed("reading a signature");
    }
    const rnp_result_t status = rnp.signature_get_status(signature);
    is_unknown &= status == RNP_ERROR_KEY_NOT_FOUND;
    if (status != RNP_SUCCESS) continue;
    WEIR_ASSIGN_OR_RETURN(std::string fingerprint,
                          FingerprintOf(rnp, signature));
    out.push_back(std::move(fingerprint));
  }
  if (!out.empty()) return out;
  return absl::PermissionDeniedError(
      is_unknown ? "openpgp: signature made by unknown entity"
                 : "openpgp: invalid signature");
}

}  // namespace

absl::StatusOr<SignedText> VerifySignedText(absl::string_view signed_text,
                                            absl::string_view keyring) {
  if (signed_text.size() > kMaxBytes || keyring.size() > kMaxBytes) {
    return absl::ResourceExhaustedError("openpgp: more than 4 MiB");
  }
  const size_t begin = signed_text.find(kBegin);
  if (begin == absl::string_view::npos ||
      (begin > 0 && signed_text[begin - 1] != '\n')) {
    return absl::InvalidArgumentError("signature block not found");
  }
  const std::string armored = WithChecksum(signed_text.substr(begin));
  const Rnp* rnp = LoadRnp();
  if (rnp == nullptr) {
    return absl::UnimplementedError(
        "openpgp: signatures are verified by librnp (librnp.so.0), which is "
        "not installed");
  }
  Owned<rnp_ffi_t> ffi(rnp->ffi_destroy);
  if (rnp->ffi_create(ffi.out(), "GPG", "GPG") != RNP_SUCCESS) {
    return LibraryFailed("starting librnp");
  }
  WEIR_RETURN_IF_ERROR(LoadKeys(*rnp, ffi.get(), keyring));
  Owned<rnp_input_t> input(rnp->input_destroy);
  Owned<rnp_output_t> output(rnp->output_destroy);
  Owned<rnp_op_verify_t> op(rnp->op_verify_destroy);
  if (rnp->input_from_memory(input.out(),
                             reinterpret_cast<const uint8_t*>(armored.data()),
                             armored.size(), false) != RNP_SUCCESS ||
      rnp->output_to_memory(output.out(), kMaxBytes) != RNP_SUCCESS ||
      rnp->op_verify_create(op.out(), ffi.get(), input.get(), output.get()) !=
          RNP_SUCCESS) {
    return LibraryFailed("starting to verify");
  }
  const rnp_result_t result = rnp->op_verify_execute(op.get());
  if (result == RNP_ERROR_BAD_FORMAT || result == RNP_ERROR_BAD_PARAMETERS) {
    return absl::InvalidArgumentError("signature block not found");
  }
  SignedText out;
  WEIR_ASSIGN_OR_RETURN(out.fingerprints, ValidSignatures(*rnp, op.get()));
  uint8_t* bytes = nullptr;
  size_t size = 0;
  if (rnp->output_memory_get_buf(output.get(), &bytes, &size, false) !=
      RNP_SUCCESS) {
    return LibraryFailed("reading what was signed");
  }
  out.text.assign(reinterpret_cast<const char*>(bytes), size);
  return out;
}

}  // namespace weir::crypto
