/** The JPEG-LS encoder (CharLS, as WebAssembly); loaded with the first samples that are to be coded. */

import wasm from '@cornerstonejs/codec-charls/wasm?url';
import factory from '@cornerstonejs/codec-charls/wasmjs';
import type { Encode } from './samples';

const BY_SAMPLE = 2;

/** Loads it; `place` is where the WebAssembly lies, when it is not where the page's parts lie. */
export async function loadEncoder(place: string = wasm): Promise<Encode> {
  const { JpegLSEncoder } = await factory({ locateFile: () => place });
  return (samples, { rows, columns, components, bits }) => {
    const encoder = new JpegLSEncoder();
    try {
      const shape = {
        width: columns,
        height: rows,
        bitsPerSample: bits,
        componentCount: components,
        isSigned: false,
      };
      encoder.getDecodedBuffer(shape).set(samples);
      encoder.setNearLossless(0);
      encoder.setInterleaveMode(components > 1 ? BY_SAMPLE : 0);
      encoder.encode();
      // A copy: the memory of the encoder is used again.
      return new Uint8Array(encoder.getEncodedBuffer());
    } finally {
      encoder.delete();
    }
  };
}
