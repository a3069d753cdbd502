package tenseams.flink;

import static org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames.AUTHORIZATION;

import java.util.Optional;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.io.network.netty.OutboundChannelHandlerFactory;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandler;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandlerContext;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelOutboundHandlerAdapter;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelPromise;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpRequest;

/** Logs the SQL gateway in to the JobManager, to which it submits jobs over REST. */
public final class OwnLoginHandlerFactory implements OutboundChannelHandlerFactory {
  @Override
  public int priority() {
    return 0;
  }

  @Override
  public Optional<ChannelHandler> createHandler(Configuration configuration) {
    return Optional.of(new OwnLoginHandler());
  }

  private static final class OwnLoginHandler extends ChannelOutboundHandlerAdapter {
    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise)
        throws Exception {
      if (message instanceof HttpRequest request) {
        request.headers().set(AUTHORIZATION, OwnLogin.authorization());
      }
      super.write(context, message, promise);
    }
  }
}
