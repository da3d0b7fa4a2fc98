import { isCredential } from "../shared/credential";
import { type Route } from "../shared/http";

/** Whom the page is shown to, where it asks. */
export const pageUser = "weather";

/** The route, for who shows the user {@link pageUser} and the password (HTTP basic); anyone else is asked for them with 401. */
export function behindLogin(password: string, route: Route): Route {
  const credential = `Basic ${Buffer.from(`${pageUser}:${password}`).toString("base64")}`;
  return (request) =>
    isCredential(request.headers.authorization, credential)
      ? route(request)
      : {
          status: 401,
          body: "unauthorized\n",
          headers: {
            "www-authenticate": 'Basic realm="weather", charset="UTF-8"',
            "cache-control": "no-store",
          },
        };
}
