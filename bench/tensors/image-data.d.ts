/** The one browser type that the JPEG decoder's declarations name. */
interface ImageData {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}
