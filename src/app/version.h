/** version - what this program is made of */
#pragma once

#include <stdio.h>

void fh_version_print(FILE *stream);
