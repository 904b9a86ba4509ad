"""How many generated clips the judges recognise, against how many real ones."""

import json

from ..judge import Judge
from ..judge_clips import judge_folder
from .clips import generated
from .prompts import unseen_prompts
from .setting import Setting


def run(setting: Setting) -> None:
    """Leaves `judged.json`, and of each data set the confusion matrix `judged-NAME.json`, `.svg`.

    `recordings`: the accuracy on clips of the judged fold, as the judge's training found it.
    """
    setting.out.mkdir(parents=True, exist_ok=True)
    results = {}
    for source in setting.sources():
        folder = setting.options.state / 'judge' / source
        recordings = json.loads((folder / 'unseen.json').read_text())['accuracy']
        prompts = unseen_prompts(source, setting.options, setting.per_class)
        confusion = judge_folder(Judge(folder), generated(source, prompts, setting))
        confusion.write(setting.out / f'judged-{source}', f'{source}, generated')
        results[source] = {
            'clips': confusion.count(),
            'recordings': recordings,
            'generated': round(confusion.accuracy(), 4),
            'ratio': round(confusion.accuracy() / recordings, 4),
        }
        print(f'{source}: {json.dumps(results[source])}')
    (setting.out / 'judged.json').write_text(json.dumps(results, indent=1) + '\n')
