// How the ratings spread from 5 to 1.
import { query } from "./address";
import type { Figures } from "./api";
import { count, percent } from "./format";
import { fill, t } from "./language";
import { Csv } from "./parts";

export function Ratings({ figures }: { figures: Figures }) {
  const total = figures.rating.count;
  const most = Math.max(1, ...figures.scores);
  return (
    <div class="card">
      <header>
        <h3>{t.ratingTitle}</h3>
        <Csv path={`handovers.csv?${query()}`} name={t.ratingTitle} />
      </header>
      {total === 0 ? (
        <p class="muted">{t.ratingEmpty}</p>
      ) : (
        <table class="groups">
          <caption class="unseen">{t.ratingTitle}</caption>
          <thead>
            <tr><th scope="col">{t.rating}</th><th scope="col">{t.number}</th><th scope="col">{t.share}</th></tr>
          </thead>
          <tbody>
            {[5, 4, 3, 2, 1].map((score) => {
              const many = figures.scores[score - 1] ?? 0;
              return (
                <tr key={score}>
                  <th scope="row" style={{ "--share": many / most }}>{fill(t.stars, { score: String(score) })}</th>
                  <td>{count(many)}</td>
                  <td>{percent(many / total)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </div>
  );
}
