"""The model's card: what card.md says, and the authors of every real clip that was trained on."""

from pathlib import Path

from .captions import table
from .data import JUDGED_FOLD, wanted_rows
from .options import Options

CARD = Path(__file__).with_name('card.md')


def run(options: Options) -> None:
    if options.esc10 is None:
        raise ValueError('the card names the authors of the clips of ESC-10: give --esc10')
    file = options.folder('model') / 'README.md'
    part = file.with_suffix('.tmp')
    part.write_text(
        CARD.read_text(encoding='utf-8') + attributions(options.esc10), encoding='utf-8'
    )
    part.replace(file)
    print(file)


def attributions(folder: Path) -> str:
    """Rows of a table: file, title, author, licence."""
    trained = {row['filename'] for row in wanted_rows(folder) if int(row['fold']) != JUDGED_FOLD}
    rows = [row for row in table(folder / 'ATTRIBUTION.tsv') if row['file'] in trained]
    if len(rows) != len(trained):
        raise ValueError(f'{folder}: ATTRIBUTION.tsv has {len(rows)} of {len(trained)} clips')
    return ''.join(
        f'| {" | ".join(cell(row[name]) for name in ("file", "title", "author", "licence"))} |\n'
        for row in rows
    )


def cell(text: str) -> str:
    return text.replace('|', '\\|')
