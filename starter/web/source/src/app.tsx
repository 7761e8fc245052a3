import { useEffect, useState } from "preact/hooks";
import { Announcer } from "./announce";
import { onSignedOut } from "./api/client";
import type { Session } from "./api/types";
import { AskPage } from "./ask/ask-page";
import { ErrorNotice } from "./components/notice";
import { lazily } from "./lazily";
import { QuestionPage } from "./question/question-page";
import { Link, type Route, routeOf, usePath } from "./routing";
import { SessionContext, codeInAddress, currentSession, signIn } from "./session/session";
import { SignIn } from "./session/sign-in";
import { Frame } from "./shell/frame";

const HistoryPage = lazily(() => import("./history/history-page").then((module) => module.HistoryPage), "The history");
const SyncsPage = lazily(() => import("./syncs/syncs-page").then((module) => module.SyncsPage), "The syncs");

type Who = { kind: "unknown" } | { kind: "nobody"; refused: unknown } | { kind: "somebody"; session: Session };

async function whoIsThere(code: string | null): Promise<Who> {
  let refused: unknown = null;
  if (code !== null) {
    try {
      return { kind: "somebody", session: await signIn({ code }) };
    } catch (error) {
      // A code serves once: whoever reloads the address is signed in already.
      refused = error;
    }
  }
  const session = await currentSession();
  return session ? { kind: "somebody", session } : { kind: "nobody", refused };
}

export function App() {
  const [who, setWho] = useState<Who>({ kind: "unknown" });
  const [failed, setFailed] = useState<unknown>(null);
  const route = routeOf(usePath());
  useEffect(() => {
    whoIsThere(codeInAddress()).then(setWho, setFailed);
    onSignedOut(() => setWho({ kind: "nobody", refused: null }));
  }, []);
  const session = who.kind === "somebody" ? who.session : null;
  return (
    <SessionContext.Provider value={session}>
      <Frame session={session} route={route} onSignedOut={() => setWho({ kind: "nobody", refused: null })}>
        {failed !== null && (
          <main id="content" class="column" tabIndex={-1}>
            <h1 class="unseen">Holdfast</h1>
            <ErrorNotice error={failed} title="The page cannot start" />
            <button type="button" class="button" onClick={() => location.reload()}>
              Try again
            </button>
          </main>
        )}
        {who.kind === "nobody" && (
          <SignIn refused={who.refused} onSignedIn={(signed) => setWho({ kind: "somebody", session: signed })} />
        )}
        {session && <Shown route={route} />}
      </Frame>
      <Announcer />
    </SessionContext.Provider>
  );
}

function Shown({ route }: { route: Route }) {
  switch (route.name) {
    case "ask":
      return <AskPage />;
    case "question":
      return <QuestionPage key={route.id} id={route.id} />;
    case "history":
      return <HistoryPage />;
    case "syncs":
      return <SyncsPage />;
    case "nowhere":
      return (
        <main id="content" class="column" tabIndex={-1}>
          <h1>Nothing is here</h1>
          <p class="tenant-text">There is no page at {route.path}.</p>
          <p>
            <Link to="/">Ask a question</Link>
          </p>
        </main>
      );
  }
}
