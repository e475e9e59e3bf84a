"""Skip-gram's training on blocks of text, by matrix products: torch alone, on a CPU or on a GPU.

A block is some hundred words and its negatives, drawn once for all of them. With C the input vectors of the
words, O their output vectors, Q the output vectors of the drawn words, the scores of neighbours lie along the
diagonal of O Cᵀ, and are computed in small squares along it; the scores of drawn words are C Qᵀ, whole. Every
drawn word meets every word, so it counts with weight negatives / drawn: on average the same loss.

The gradient of −log σ(s) is σ(s) − 1, and that of −log σ(−s) is σ(s). All of a block is computed with the
vectors as they were before it, and then added to them: one step for a thousand pairs. It diverges when too
many of them move the same row, hence many drawn words, and blocks that are not too long.

Products as small as a block's are not worth several threads each: every thread has blocks of its own, and all
share the tables without a lock, as compiled.py's do.

Source: Ji, Satish, Li & Dubey 2016, arXiv:1604.04661 (negatives shared, as matrix products).
"""

from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor
from torch.nn import functional as F

from firstgrad.models.word2vec.skip_gram import Corpus, SkipGram, keep_chances, noise

BLOCK = {"cpu": 256, "cuda": 1024, "mps": 1024}  # words of a block
SHARE = 2  # words of a block for each drawn word: more are faster, learn less, and at 16 diverge
MOVED = {"cpu": 0.08, "cuda": 0.3, "mps": 0.3}  # rate · how often a word comes in a block, at most
PIECE = 2**18  # words that are prepared at once


def gradients(words: Tensor, drawn: Tensor, true: Tensor, weight: Tensor, inputs: Tensor,
              outputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The gradient of a block's loss, the sum over its pairs.

    Shapes: words (T + 2R,) int64, a block of T words with R on each side that are only neighbours; drawn (N,)
    int64; true (T / b, b, b + 2R), 1 where the square's i-th word has its j-th as a neighbour, or else 0;
    weight (T + 2R,), how much a drawn word counts with each word.
    Returns: δ inputs[words] (T + 2R, d), δ outputs[words[R:T + R]] (T, d), δ outputs[drawn] (N, d).
    Cost: 6·(T + 2R)·N·d + 6·T·(b + 2R)·d FLOPs.
    """
    squares, side, width = true.shape
    reach, dimension = (width - side) // 2, inputs.shape[1]
    C, Q = F.embedding(words, inputs), F.embedding(drawn, outputs)  # (T + 2R, d), (N, d)
    O = F.embedding(words[reach:len(words) - reach], outputs).view(squares, side, -1)  # (T / b, b, d)
    near = C.as_strided((squares, width, dimension), (side * dimension, dimension, 1))  # they overlap
    pulled = torch.bmm(O, near.mT).sigmoid_().sub_(1).mul_(true)  # (T / b, b, b + 2R), δ scores
    pushed = (C @ Q.T).sigmoid_().mul_(weight[:, None])  # (T + 2R, N), δ scores
    to_inputs = overlap_add(torch.bmm(pulled.mT, O), reach).addmm_(pushed, Q)
    return to_inputs, torch.bmm(pulled, near).view(-1, dimension), pushed.T @ C


def overlap_add(squares: Tensor, reach: int) -> Tensor:
    """Add up overlapping rows. squares (n, b + 2R, …), each b further on.  Returns: (n·b + 2R, …)."""
    n, side = squares.shape[0], squares.shape[1] - 2 * reach
    total = squares.new_zeros(n * side + 2 * reach, *squares.shape[2:])
    total[:n * side].view(n, side, *squares.shape[2:]).add_(squares[:, :side])
    total[2 * reach:].view(n, side, *squares.shape[2:])[:, side - 2 * reach:].add_(squares[:, side:])
    return total


def neighbours(sentences: Tensor, reach: Tensor, side: int) -> Tensor:
    """Which words of a block are neighbours: float32 (T / b, b, b + 2R), the `true` of `gradients`.

    sentences (T + 2R,): the number of each word's sentence, −1 where there is no word.  reach (T,): how far
    the neighbours of a word may be.
    """
    edge = (len(sentences) - len(reach)) // 2
    own = sentences[edge:len(sentences) - edge].view(-1, side, 1)  # (T / b, b, 1)
    there = sentences.unfold(0, side + 2 * edge, side)[:, None]  # (T / b, 1, b + 2R)
    steps = torch.arange(-edge, side + edge, device=sentences.device)
    steps = (steps - torch.arange(side, device=sentences.device)[:, None]).abs()  # (b, b + 2R)
    return ((steps <= reach.view(-1, side, 1)) & (steps > 0) & (own == there) & (own >= 0)).float()


def _block(read, rate: float, device: torch.device, side: int) -> int:
    """Words of a block: fewer where one comes more often, as in a small vocabulary, and at a larger rate."""
    often = read.max() / read.sum()
    longest = min(BLOCK[device.type], MOVED[device.type] / rate / often)
    return max(1, round(longest / side)) * side


def fit(model: SkipGram, corpus: Corpus, *, epochs: int, rate: float, threads: int, seed: int) -> None:
    """Train the tables of `model`, where they are."""
    config, counts, inputs, outputs = model.config, corpus.vocabulary.counts, model.input, model.output
    device = inputs.device
    kept = keep_chances(counts, config.sample)
    side = max(16, 2 * config.window)  # of a square: it overlaps only with the next one
    block = _block(kept * counts, rate, device, side)
    keep = torch.from_numpy(kept).float().to(device)
    chances = torch.from_numpy(noise(counts, config.power)).float().to(device)
    ids, starts = torch.from_numpy(corpus.ids).to(device), torch.from_numpy(corpus.starts).to(device)
    parts = threads if device.type == "cpu" else 1
    generators = [torch.Generator(device).manual_seed(seed + part) for part in range(parts)]
    stop = False

    @torch.no_grad()
    def read_part(part: int, epoch: int) -> None:
        """What a thread reads in an epoch, piece by piece."""
        generator = generators[part]
        begin, end = (len(ids) * p // parts for p in (part, part + 1))
        for first in range(begin, end, PIECE):
            last = min(first + PIECE, end)
            piece = torch.arange(first, last, device=device)
            piece = piece[torch.rand(len(piece), generator=generator, device=device) < keep[ids[piece]]]
            blocks = -(-max(1, len(piece)) // block)  # one of padding where no word was kept
            edges = config.window, config.window + blocks * block - len(piece)
            words = F.pad(ids[piece].long(), edges)
            sentences = F.pad(torch.searchsorted(starts, piece, right=True), edges, value=-1)
            reach = torch.randint(config.window, (blocks, block), generator=generator, device=device) + 1
            drawn = torch.multinomial(chances, blocks * block // SHARE, True, generator=generator)
            around, drawn = words.unfold(0, block + 2 * config.window, block), drawn.view(blocks, -1)
            true = neighbours(sentences, reach.view(-1), side).unflatten(0, (blocks, -1))
            pairs = overlap_add(true.sum(2).permute(1, 2, 0), config.window).T  # (blocks, T + 2R)
            weight = pairs * (config.negatives / drawn.shape[1])
            for number in range(blocks):
                if stop:
                    return
                read, drawn_now = around[number], drawn[number]
                steps = gradients(read, drawn_now, true[number], weight[number], inputs, outputs)
                done = epoch + (first - begin + (last - first) * number / blocks) / (end - begin)
                now = rate * (1 - done / epochs)
                inputs.index_add_(0, read, steps[0], alpha=-now)
                outputs.index_add_(0, read[config.window:config.window + block], steps[1], alpha=-now)
                outputs.index_add_(0, drawn_now, steps[2], alpha=-now)

    with ThreadPoolExecutor(parts, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        try:
            for epoch in range(epochs):
                list(pool.map(read_part, range(parts), [epoch] * parts))
        finally:
            stop = True
