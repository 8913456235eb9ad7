import type { Telling } from './story';

/** The six questions in English. */
export const storyEn: readonly Telling[] = [
  {
    title: 'Ordinary convolution shrinks',
    text: 'A 3×3 kernel slides over a 4×4 input. At each place it multiplies nine pairs of numbers and adds them up.',
    question: 'How large is the output?',
    choices: ['4×4', '2×2', '3×3'],
    why: 'The kernel has only 4 − 3 + 1 = 2 places along each axis. To go back from 2×2 to 4×4 one needs another operation: the transposed convolution.',
  },
  {
    title: 'Four steps grow it again',
    text: 'Insert s − 1 zeros between the elements, pad k − 1 − p zeros around, flip the kernel, then convolve with stride 1.',
    question: 'A 2×2 input, kernel 3, stride 1, no padding: how many zeros are padded on each side?',
    choices: ['none', '1', '2'],
    why: 'k − 1 − p = 3 − 1 − 0 = 2. The padding p of the layer is what gets cropped from the output, so more p means fewer zeros here.',
  },
  {
    title: 'output_padding is not zeros',
    text: 'With stride 2, the sizes 5 and 6 both shrink to 3. output_padding = 1 tells the way back to make 6 instead of 5.',
    question: 'What is in the extra row and column?',
    choices: ['sums of products, like anywhere', 'zeros', 'copies of the edge'],
    why: 'The full result is larger than the output; output_padding only crops one line less at the bottom and right. Those cells hold real sums.',
  },
  {
    title: 'Why it is called transposed',
    text: 'Write the input as a row I. Then a convolution is one product with a matrix: O = I C, and P = O Cᵀ has the shape of I again.',
    question: 'What stands in one column of C?',
    choices: ['the flipped kernel', 'the kernel, placed at one window', 'one row of the kernel'],
    why: 'Column by column C is the kernel laid at each window. The columns of Cᵀ are where the flipped kernel appears: the matrix is transposed, the kernel is turned by 180°.',
  },
  {
    title: 'Where checkerboards come from',
    text: 'Every input stamps the kernel. With kernel 3 and stride 2 the stamps overlap by one cell.',
    question: 'Input and kernel are all ones. How different are the outputs inside?',
    choices: ['all the same', 'by a factor of 2', 'by a factor of 4'],
    why: 'Along one axis a cell is reached by 1 or 2 stamps, in the plane by 1, 2 or 4. A kernel that is a multiple of the stride makes the counts even; whether the sums are even is up to its values.',
  },
  {
    title: 'It is not an inverse',
    text: 'Convolve a random 4×4 input to 2×2, then apply the transposed convolution with the same kernel.',
    question: 'What comes back?',
    choices: ['the input', 'its shape, with other values', 'its shape, with zeros'],
    why: 'Four numbers cannot remember sixteen. Transposed convolution restores the shape; it is the gradient of the convolution, not its inverse.',
  },
];
