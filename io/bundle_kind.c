#include "io/bundle.h"
#include "io/h5.h"

fh_status fh_bundle_kind(const char *path, char kind[32])
{
  FH_H5_SCOPE;
  FH_HID file = H5I_INVALID_HID;
  kind[0] = '\0';
  FH_TRY(fh_h5_open(path, &file));
  if (!fh_h5_has_attribute(file, "fredholm_bundle")) return FH_OK;
  FH_TRY(fh_h5_in_file(path, fh_h5_get_word(file, "kind", kind, 32)));
  return FH_OK;
}
