/** about - which HDF5 this is */
#pragma once

/** "1.10.8": of the library that is linked, not of the header. */
void fh_io_hdf5_version(char text[32]);
