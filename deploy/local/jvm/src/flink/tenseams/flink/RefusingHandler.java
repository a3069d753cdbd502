package tenseams.flink;

import static org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames.CONNECTION;
import static org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames.CONTENT_LENGTH;
import static org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames.CONTENT_TYPE;
import static org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames.WWW_AUTHENTICATE;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.flink.runtime.rest.FileUploadHandler;
import org.apache.flink.shaded.netty4.io.netty.buffer.Unpooled;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelFutureListener;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandlerContext;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelInboundHandlerAdapter;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.DefaultFullHttpResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.FullHttpResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpRequest;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpVersion;
import org.apache.flink.shaded.netty4.io.netty.util.ReferenceCountUtil;

/** Stands in front of Flink's REST interfaces: passes a request on, or answers it with a refusal and closes the connection. */
abstract class RefusingHandler extends ChannelInboundHandlerAdapter {
  /** Why a request is refused. */
  protected record Refusal(HttpResponseStatus status, String reason) {}

  /** Empty when the request may pass. */
  protected abstract Optional<Refusal> refusal(HttpRequest request) throws Exception;

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
    Optional<Refusal> refusal =
        message instanceof HttpRequest request ? refusal(request) : Optional.empty();
    if (refusal.isEmpty()) {
      context.fireChannelRead(message);
      return;
    }
    ReferenceCountUtil.release(message);
    // A part of the request that is a file is on disk by now.
    FileUploadHandler.getMultipartFileUploads(context).close();
    context.writeAndFlush(answer(refusal.get())).addListener(ChannelFutureListener.CLOSE);
  }

  private static FullHttpResponse answer(Refusal refusal) {
    String text = "{\"errors\":[\"" + refusal.reason() + "\"]}";
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, refusal.status(), Unpooled.wrappedBuffer(body));
    response.headers().set(CONTENT_TYPE, "application/json; charset=UTF-8");
    response.headers().set(CONTENT_LENGTH, body.length);
    response.headers().set(CONNECTION, "close");
    if (refusal.status().equals(HttpResponseStatus.UNAUTHORIZED)) {
      // A browser asks its user for it: the identity's name, and its token as the password.
      response.headers().set(WWW_AUTHENTICATE, "Basic realm=\"ten-seams\"");
    }
    return response;
  }
}
