/** Of the format that is read and written (docs/certificate/README.md). */
export const formatVersion = 5;
