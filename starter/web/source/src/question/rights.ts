import type { Session } from "../api/types";

/** What this page offers to whoever looks. The gateway decides; this only spares people buttons that it would refuse. */
export interface Rights {
  maySteer: boolean;
  mayReview: boolean;
  mayShare: boolean;
}

export function rightsOf(session: Session, asker: string | null): Rights {
  const owns = session.roles.includes("administrator") || (asker === session.subject && session.roles.includes("asker"));
  const allows = (action: string) => !session.scopes || session.scopes.includes(action);
  return {
    maySteer: owns && allows("steer"),
    mayReview: (owns || session.roles.includes("reviewer")) && allows("review"),
    mayShare: owns && allows("share"),
  };
}
